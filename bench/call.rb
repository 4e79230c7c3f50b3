# frozen_string_literal: true

require_relative "support/figures"
require_relative "support/plot"
require_relative "support/runner"

module Bench
  # What one assistant call costs, beside its peers. The contenders run in rounds, one after the other in each, so that
  # whatever slows the machine down for a while slows all of them down; ratios are taken within a round.
  class Call
    # Name, what it is, calls a round, and the server's base URL.
    Row = Struct.new(:name, :label, :calls, :where) do
      def key = "#{name}#{where}"
    end
    ROWS = [
      Row.new("c", "C program on libcurl, 1 streamed request, answer dropped", 1000, :url),
      Row.new("c-rested", "C program, asleep for 0.1 ms before each call", 1000, :url),
      Row.new("c-engine", "C program, calls handed over to a thread for the network", 1000, :url),
      Row.new("native-streamed", "prompt_tracker-native, streamed", 500, :url),
      Row.new("native-responses", "prompt_tracker-native, streamed, Responses API", 500, :url),
      Row.new("native-block", "prompt_tracker-native, streamed, with a block", 500, :url),
      Row.new("native-polling", "prompt_tracker-native, polling", 150, :url),
      Row.new("c", "C program, HTTP/1.1", 1000, :http1_url),
      Row.new("c-rested", "C program, HTTP/1.1, asleep for 0.1 ms before each call", 1000, :http1_url),
      Row.new("c-engine", "C program, HTTP/1.1, calls handed over to a thread for the network", 1000, :http1_url),
      Row.new("native-streamed", "prompt_tracker-native, HTTP/1.1", 500, :http1_url),
      Row.new("native-responses", "prompt_tracker-native, HTTP/1.1, Responses API", 500, :http1_url),
      Row.new("c", "C program, HTTP/1.1 without TLS", 1000, :plain_url),
      Row.new("native-streamed", "prompt_tracker-native, HTTP/1.1 without TLS", 500, :plain_url),
      Row.new("net-http", "Net::HTTP kept alive, 1 streamed request, answer dropped", 250, :url),
      Row.new("httpx", "httpx persistent, 1 request, answer dropped", 150, :url),
      Row.new("typhoeus", "typhoeus, 1 request, answer dropped", 150, :url),
      Row.new("openai", "openai (official), 1 streamed response", 100, :url),
      Row.new("ruby_llm", "ruby_llm, 1 chat completion", 100, :url),
      Row.new("ruby-openai", "ruby-openai, classic requests", 30, :url)
    ].freeze

    # By the C program's CPU, asked the same way, and by ruby-openai's.
    AIM_LIMIT = 3
    AIM_PEER = 100
    AIMED = %w[native-streamed native-responses].freeze

    Round = Struct.new(:cpu, :wall, :objects, :requests, :connections, :errors)

    # @param server [Nginx, Local]
    # @param rounds [Integer]
    # @param scale [Float] so many times as many calls a round
    def initialize(server, rounds:, scale:)
      @server = server
      @rounds = rounds
      @scale = scale
      @results = Hash.new { |all, key| all[key] = [] }
    end

    # @return [Integer] calls that failed
    def run
      start
      @runners.each { |row, runner| perform(row, runner) } # warms up: code, caches, and the first connection
      @rounds.times do
        @runners.each { |row, runner| @results[row.key] << perform(row, runner) }
      end
      @results.values.flatten.sum(&:errors)
    ensure
      @all&.each_value(&:close)
    end

    # @return [Array<String>] of libraries
    def versions
      @all.map { |row, runner| "#{row.name} #{runner.version}" if runner.version }.compact.uniq
    end

    def to_s
      head = ["", "CPU a call, µs", "× C program", "ruby-openai ÷ it", "wall, µs", "requests", "new connections",
              "objects", "errors"]
      [Figures.table(head, @runners.keys.map { |row| cells(row) }), *missing, aims].join("\n\n")
    end

    def plot(folder)
      values = @runners.keys.to_h { |row| [row.label.sub(/, (1|classic) .*/, ""), micro(row, :cpu)] }
      Plot.bars(File.join(folder, "call.svg"), "CPU of one assistant call, µs", values)
    end

    private

    def start
      rows = ROWS.select { |row| row.where == :url || @server.respond_to?(:plain_url) }
      @all = rows.to_h { |row| [row, Runner.new(row.name, @server.public_send(row.where), @server.environment)] }
      @runners = @all.reject { |_, runner| runner.missing }
    end

    def perform(row, runner)
      calls = [(row.calls * @scale).round, 2].max
      @server.count
      took = runner.perform(calls)
      requests, connections, refused = @server.count
      each = ->(number) { number&.fdiv(calls) }
      Round.new(each[took[:cpu]], each[took[:wall]], each[took[:objects]], each[requests], each[connections],
                [took[:errors], refused].max)
    end

    def cells(row)
      limit = "c#{row.where}"
      rounds = @results[row.key]
      [row.label, micro(row, :cpu).round, Figures.spread(ratios(row.key, limit)),
       Figures.spread(ratios("ruby-openaiurl", row.key)), micro(row, :wall).round, each_call(rounds, :requests),
       each_call(rounds, :connections), each_call(rounds, :objects), rounds.sum(&:errors)]
    end

    def missing
      @all.filter_map { |row, runner| "#{row.label}: not measured, #{runner.missing}" if runner.missing }
    end

    def aims
      rows = @runners.keys.select { |row| AIMED.include?(row.name) }
      limits = rows.map do |row|
        Figures.goal("CPU of #{row.label}, by the C program's, at most #{AIM_LIMIT}",
                     Figures.median(ratios(row.key, "c#{row.where}")), AIM_LIMIT)
      end
      peers = rows.reject { |row| row.where == :plain_url }.map do |row|
        Figures.goal("CPU of ruby-openai, by that of #{row.label}, at least #{AIM_PEER}",
                     Figures.median(ratios("ruby-openaiurl", row.key)), AIM_PEER, by: :>=)
      end
      [*limits, *peers].join("\n")
    end

    # CPU of one by that of another, round by round.
    def ratios(key, by) = @results[key].zip(@results[by]).map { |one, other| one.cpu / other.cpu }

    def micro(row, what) = Figures.median(@results[row.key].map(&what)) * 1e6

    def each_call(rounds, what)
      values = rounds.map(&what)
      values.include?(nil) ? "" : format("%.2f", Figures.median(values)).sub(/\.?0+\z/, "")
    end
  end
end
