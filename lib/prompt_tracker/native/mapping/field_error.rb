# frozen_string_literal: true

module PromptTracker
  module Native
    module Mapping
      # A field that can't be carried over to the Responses API, or isn't what it must be.
      class FieldError < ArgumentError
        # @return [String] the field with its place: "tools[1].type"
        attr_reader :field

        # @param field [String]
        # @param problem [String] the rest of the sentence that begins with the field
        def initialize(field, problem)
          @field = field
          super("#{field} #{problem}")
        end
      end
    end
  end
end
