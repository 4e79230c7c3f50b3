# frozen_string_literal: true

module PromptTracker
  module Native
    module Mapping
      # `response_format`, which is `text.format` of a response.
      #
      # @api private
      module ResponseFormat
        FIELD = "response_format"
        # Types that have nothing but their name.
        PLAIN = %w[text json_object].freeze

        private_constant :FIELD, :PLAIN

        class << self
          # @param format [Hash, String, nil]
          # @return [Hash{Symbol => Object}, nil] nil: nothing is sent
          def map(format)
            return if format.nil? || format == "auto"
            raise FieldError.new(FIELD, "must be \"auto\" or an object, not #{format.inspect}") if format.is_a?(String)

            type = Shape.string("#{FIELD}.type", Shape.object(FIELD, format)["type"], "text")
            return plain(format, type) if PLAIN.include?(type)
            return json_schema(format) if type == "json_schema"

            raise FieldError.new("#{FIELD}.type", "is #{type.inspect}: text, json_object and json_schema are known")
          end

          private

          def plain(format, type)
            Shape.only(FIELD, format, %w[type])
            { type: type }
          end

          def json_schema(format)
            Shape.only(FIELD, format, %w[type json_schema])
            field = "#{FIELD}.json_schema"
            given = Shape.object(field, format["json_schema"])
            Shape.only(field, given, %w[name description schema strict])
            { type: "json_schema",
              name: Shape.string("#{field}.name", given["name"], "weather"),
              description: given["description"] && Shape.text("#{field}.description", given["description"]),
              schema: Shape.object("#{field}.schema", given["schema"]),
              strict: given["strict"].nil? ? nil : Shape.boolean("#{field}.strict", given["strict"]) }.compact
          end
        end
      end
    end
  end
end
