# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # A value that fits a JSON schema: the plainest one that does. Knows what structured outputs allow (types, enum,
      # const, properties, items, anyOf, allOf, $ref, limits of numbers, strings and arrays, formats), but no patterns.
      # @private
      class Sample
        FORMATS = {
          "date-time" => "2025-01-31T12:00:00Z", "date" => "2025-01-31", "time" => "12:00:00Z", "duration" => "PT1H",
          "email" => "local@example.com", "hostname" => "example.com", "ipv4" => "192.0.2.1", "ipv6" => "2001:db8::1",
          "uri" => "https://example.com/", "uuid" => "00000000-0000-4000-8000-000000000000"
        }.freeze
        # Deeper than this, optional things are left out, so that recursive schemas end.
        DEEP = 4
        DEEPEST = 40

        def initialize(schema)
          @root = schema
        end

        def value(schema = @root, name = "value", depth = 0)
          schema = resolve(schema)
          return {} unless schema.is_a?(Hash)
          return schema["const"] if schema.key?("const")
          return schema["enum"].first if schema["enum"]
          return schema["default"] if schema.key?("default")
          raise ApiError.new("Invalid schema: it never ends.", param: "response_format") if depth > DEEPEST

          variants = schema["anyOf"] || schema["oneOf"]
          return value(variant(variants, depth), name, depth + 1) if variants

          typed(schema, type(schema, depth), name, depth)
        end

        private

        def resolve(schema)
          16.times do
            return merged(schema) unless schema.is_a?(Hash) && schema["$ref"]

            schema = schema["$ref"].delete_prefix("#").split("/").reject(&:empty?).reduce(@root) do |node, key|
              node.is_a?(Hash) ? node[key.gsub("~1", "/").gsub("~0", "~")] : nil
            end
          end
          {}
        end

        def merged(schema)
          return schema unless schema.is_a?(Hash) && schema["allOf"]

          parts = schema["allOf"].map { |part| resolve(part) } << schema.except("allOf")
          parts.reduce do |all, part|
            all.merge(part) do |key, one, other|
              case key
              when "properties" then one.merge(other)
              when "required" then one | other
              else other
              end
            end
          end
        end

        def variant(variants, depth)
          plain = variants.map { |one| resolve(one) }
          none = plain.find { |one| one.is_a?(Hash) && one["type"] == "null" }
          depth >= DEEP && none ? none : plain.find { |one| one != none } || none
        end

        def type(schema, depth)
          types = Array(schema["type"] || untold(schema))
          depth >= DEEP && types.include?("null") ? "null" : types.find { |one| one != "null" } || "null"
        end

        # The type of a schema that does not say it.
        def untold(schema)
          return "object" if schema["properties"]

          schema["items"] ? "array" : "string"
        end

        def typed(schema, type, name, depth)
          case type
          when "object" then object(schema, depth)
          when "array" then array(schema, name, depth)
          when "string" then string(schema, name)
          when "integer" then number(schema).ceil
          when "number" then number(schema)
          when "boolean" then true
          end
        end

        def object(schema, depth)
          properties = schema["properties"] || {}
          required = schema["required"] || []
          properties = properties.slice(*required) if depth >= DEEP
          properties.to_h { |key, part| [key, value(part, key, depth + 1)] }
        end

        def array(schema, name, depth)
          none = depth >= DEEP || schema["maxItems"]&.zero?
          size = schema["minItems"] || (none ? 0 : 1)
          Array.new(size) { value(schema["items"] || {}, name, depth + 1) }
        end

        def string(schema, name)
          return FORMATS[schema["format"]] if FORMATS.key?(schema["format"])

          text = "#{name} (local stand-in)"
          text = text.ljust(schema["minLength"], ".") if schema["minLength"]
          schema["maxLength"] ? text[0, schema["maxLength"]] : text
        end

        def number(schema)
          above, below = schema.values_at("exclusiveMinimum", "exclusiveMaximum")
          return (above + below) / 2.0 if above && below

          low = schema["minimum"] || (above && above + 1)
          high = schema["maximum"] || (below && below - 1)
          number = low || (high && high < 1 ? high : 1)
          step = schema["multipleOf"]
          step ? (number.to_r / step.to_r).ceil * step : number
        end
      end
    end
  end
end
