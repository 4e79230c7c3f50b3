# frozen_string_literal: true

module Bench
  # Bars as SVG, for the README. Without the svg-graph gem there are none.
  module Plot
    module_function

    # @param file [String] where it goes
    # @param title [String]
    # @param values [Hash{String => Numeric}] by label
    def bars(file, title, values)
      require "SVG/Graph/BarHorizontal"
      values = values.transform_values { |value| value.round(value < 20 ? 2 : 0) }
      graph = SVG::Graph::BarHorizontal.new(
        fields: values.keys.reverse, width: 860, height: 90 + (values.size * 34), show_graph_title: true,
        graph_title: title, key: false, show_data_values: true, bar_gap: true, number_format: "%.5g",
        scale_divisions: step(values.values.max), rotate_y_labels: false, show_y_guidelines: false, no_css: true
      )
      graph.add_data(data: values.values.reverse, title: title)
      File.write(file, graph.burn)
    rescue LoadError => e
      warn "no #{File.basename(file)}: #{e.message}"
    end

    # A round number that a scale up to `most` has four to ten times.
    def step(most)
      ten = 10**Math.log10(most / 4.0).floor
      [5, 2, 1].map { |factor| factor * ten }.find { |length| most >= 4 * length }
    end
  end
end
