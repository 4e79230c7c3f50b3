# frozen_string_literal: true

module Bench
  # The measured rounds as Markdown.
  class Report
    # The gem's aims, for its streamed flow.
    AIM_LIMIT = 3
    AIM_PEER = 100

    # @param runners [Array<AssistantCall::Runner>]
    # @param head [Hash{String => Object}] what was measured with what
    # @param aims [Boolean] does this measurement say whether the aims are reached?
    def initialize(runners, head, aims:)
      @runners = runners
      @head = head
      @aims = aims
    end

    def to_s
      <<~MARKDOWN
        # One assistant call

        Written by `bin/bench`; what is measured, and how: `docs/benchmarks.md`.

        #{@head.map { |name, value| "- #{name}: #{value}" }.join("\n")}

        | | CPU a call, µs | × C program | ruby-openai ÷ it | wall, µs | requests | new connections | objects | errors |
        |---|--:|--:|--:|--:|--:|--:|--:|--:|
        #{@runners.map { |runner| row(runner) }.join("\n")}

        Medians over the rounds, ratios within each round; in brackets the smallest and the largest.

        #{@aims ? aims : "The aims are for a server over TLS; this was not one."}
      MARKDOWN
    end

    private

    def row(runner)
      cells = [runner.label, micro(runner, :cpu), factor(ratios(runner, find("c"))),
               factor(ratios(find("ruby-openai"), runner)), micro(runner, :wall), per_call(runner, :requests),
               per_call(runner, :connections), per_call(runner, :objects), runner.rounds.sum(&:errors)]
      "| #{cells.join(" | ")} |"
    end

    def aims
      ours = find("native-streamed")
      limit = median(ratios(ours, find("c")))
      peer = median(ratios(find("ruby-openai"), ours))
      "The aims for the streamed call: at most #{AIM_LIMIT} times the C program's CPU time " \
        "(#{verdict(limit <= AIM_LIMIT)}) and at most 1/#{AIM_PEER} of ruby-openai's (#{verdict(peer >= AIM_PEER)})."
    end

    def verdict(reached) = reached ? "reached" : "not reached"

    def find(name) = @runners.find { |runner| runner.name == name }

    def median(values)
      sorted = values.sort
      middle = sorted.size / 2
      sorted.size.odd? ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2.0
    end

    # CPU of one by that of another, round by round.
    def ratios(runner, by)
      runner.rounds.zip(by.rounds).map { |one, other| one.cpu / other.cpu }
    end

    def factor(values)
      shown = [median(values), *values.minmax].map { |value| format(value < 20 ? "%.2f" : "%.0f", value) }
      "#{shown[0]} (#{shown[1]}–#{shown[2]})"
    end

    def micro(runner, what) = format("%.0f", median(runner.rounds.map(&what)) * 1e6)

    def per_call(runner, what)
      values = runner.rounds.map(&what)
      values.include?(nil) ? "" : format("%.2f", median(values)).sub(/\.?0+\z/, "")
    end
  end
end
