# frozen_string_literal: true

require_relative "support/figures"
require_relative "support/runner"

module Bench
  # What a call adds to the time that the run itself takes, one call after the other: wall time beyond it, and beyond
  # that of the C program, which has the same round trip.
  class Latency
    ROWS = { "c" => "C program", "native-streamed" => "prompt_tracker-native, streamed",
             "native-responses" => "prompt_tracker-native, Responses API", "net-http" => "Net::HTTP kept alive" }.freeze
    CALLS = { "" => 200, "/20ms" => 40 }.freeze
    AIM = 1.0 # milliseconds

    def initialize(server, rounds:)
      @server = server
      @rounds = rounds
      @results = Hash.new { |all, key| all[key] = [] }
      @errors = 0
    end

    # @return [Integer] calls that failed
    def run
      CALLS.each do |delay, calls|
        runners = ROWS.keys.to_h { |name| [name, Runner.new(name, @server.url(delay), @server.environment)] }
        runners.each_value { |runner| runner.perform(20) }
        @rounds.times { runners.each { |name, runner| measure(name, delay, runner, calls) } }
        runners.each_value(&:close)
      end
      @errors
    end

    def to_s
      head = ["Wall time of a call beyond the run's own", *Nginx::DELAYS.slice(*CALLS.keys).values.map do |s|
        "run of #{((s || 0) * 1000).round} ms"
      end]
      rows = ROWS.map { |name, label| [label, *CALLS.keys.map { |delay| "#{format("%.2f", added(name, delay))} ms" }] }
      worst = CALLS.keys.map { |delay| added("native-streamed", delay) - added("c", delay) }.max
      [Figures.table(head, rows),
       Figures.goal("added by prompt_tracker-native to the run and one round trip, ms, under #{AIM}", worst, AIM,
                    by: :<)].join("\n\n")
    end

    private

    def measure(name, delay, runner, calls)
      took = runner.perform(calls)
      @errors += took[:errors]
      @results[[name, delay]] << (took[:wall] / calls)
    end

    def added(name, delay) = (Figures.median(@results[[name, delay]]) - (Nginx::DELAYS[delay] || 0)) * 1000
  end
end
