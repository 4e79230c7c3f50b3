# frozen_string_literal: true

require_relative "support/figures"
require_relative "support/plot"
require_relative "support/runner"

module Bench
  # Runs of one second each, all at once: how long all of them take, and what each costs. A process of its own for each
  # number, so that its peak of memory is that number's.
  class Many
    Row = Struct.new(:name, :label, :sizes)
    ROWS = [
      Row.new("c", "C program, one CURLM", [1, 100, 1000, 5000]),
      Row.new("native-many", "prompt_tracker-native, call_many", [1, 100, 1000, 5000]),
      Row.new("native-streamed", "prompt_tracker-native, threads", [1, 100, 1000]),
      Row.new("ruby-openai-1s", "ruby-openai, threads", [1, 100])
    ].freeze

    # Of 1,000 calls, by the C program's.
    AIMS = { wall: 1.2, memory: 2, cpu: 3 }.freeze

    # @param server [Nginx]
    # @param rounds [Integer]
    def initialize(server, rounds:)
      @server = server
      @rounds = rounds
      @results = Hash.new { |all, key| all[key] = [] }
    end

    # @return [Integer] calls that failed
    def run
      @rounds.times do
        ROWS.each { |row| row.sizes.each { |size| @results[[row.name, size]] << perform(row.name, size) } }
      end
      @results.values.flatten.sum { |took| took[:errors] }
    end

    def to_s
      head = ["1 s runs at once", "how many", "wall, s", "CPU each, ms", "memory each, KB", "connections", "errors"]
      rows = ROWS.flat_map { |row| row.sizes.map { |size| cells(row, size) } }
      [Figures.table(head, rows), aims].join("\n\n")
    end

    def plot(folder)
      thousand = ROWS.select { |row| row.sizes.include?(1000) }
      values = thousand.to_h { |row| [row.label, middle([row.name, 1000], :wall)] }
      values["ruby-openai, only 100, threads"] = middle(["ruby-openai-1s", 100], :wall)
      Plot.bars(File.join(folder, "many.svg"), "1,000 runs of 1 s at once, seconds", values)
    end

    private

    def perform(name, size)
      runner = Runner.new(name, @server.url("/1s"), @server.environment, many: true)
      runner.perform(1)
      @server.count
      took = runner.perform(size)
      _, connections, refused = @server.count
      took.merge(connections: connections, errors: [took[:errors], refused].max)
    ensure
      runner&.close
    end

    def cells(row, size)
      key = [row.name, size]
      [row.label, size, format("%.2f", middle(key, :wall)), format("%.2f", middle(key, :cpu) * 1000 / size),
       format("%.0f", middle(key, :memory).fdiv(size)), middle(key, :connections).round,
       @results[key].sum { |took| took[:errors] }]
    end

    def aims
      AIMS.map do |what, limit|
        ratios = @results[["native-many", 1000]].zip(@results[["c", 1000]]).map { |ours, c| ours[what] / c[what].to_f }
        Figures.goal("#{what} of 1,000 runs by the C program's, at most #{limit}", Figures.median(ratios), limit)
      end.join("\n")
    end

    def middle(key, what) = Figures.median(@results[key].map { |took| took[what] })
  end
end
