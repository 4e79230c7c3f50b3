# frozen_string_literal: true

module Bench
  # Numbers of several rounds, and how they are shown.
  module Figures
    module_function

    def median(values)
      sorted = values.sort
      middle = sorted.size / 2
      sorted.size.odd? ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2.0
    end

    # @return [String] the median, and in brackets the smallest and the largest
    def spread(values)
      shown = [median(values), *values.minmax].map { |value| format(value < 20 ? "%.2f" : "%.0f", value) }
      "#{shown[0]} (#{shown[1]}–#{shown[2]})"
    end

    # @param head [Array<String>] the first with what stands left, the others right
    # @param rows [Array<Array>]
    # @return [String] a table in Markdown
    def table(head, rows)
      ["| #{head.join(" | ")} |", "|---|#{"--:|" * (head.size - 1)}",
       *rows.map { |row| "| #{row.join(" | ")} |" }].join("\n")
    end

    # @return [String] a goal, and whether it was reached
    def goal(text, value, limit, by: :<=)
      reached = value.public_send(by, limit)
      "- #{text}: **#{format(value < 10 ? "%.2f" : "%.0f", value)}**, #{reached ? "reached" : "not reached"}"
    end
  end
end
