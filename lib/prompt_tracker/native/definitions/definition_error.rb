# frozen_string_literal: true

module PromptTracker
  module Native
    # A definition of an assistant that can't be used: its message names the file, or the place, and the field, and
    # says what to give.
    class DefinitionError < ConfigurationError
      # @return [String, nil] the file or the place that the definition comes from
      attr_reader :source
      # @return [String, nil] the field that is wrong; nil where it is the whole
      attr_reader :field

      # @param problem [String]
      # @param source [String, nil] comes before the problem in the message
      # @param field [String, nil]
      def initialize(problem = "the definition can't be used", source: nil, field: nil)
        @source = source
        @field = field
        super([source, problem].compact.join(": "))
      end
    end
  end
end
