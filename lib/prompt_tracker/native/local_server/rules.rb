# frozen_string_literal: true

require_relative "api_error"

module PromptTracker
  module Native
    class LocalServer
      # What the bodies of requests may hold, and the refusal of what they may not.
      # @private
      class Rules
        # One parameter. types: what it may be; least, most: of a number; longest: of a string or array; only: the
        # values that are allowed; within: the rules of an object, or of an array's items.
        Rule = Struct.new(:types, :required, :least, :most, :longest, :only, :within, keyword_init: true)

        KINDS = {
          string: ["a string", String], integer: ["an integer", Integer], number: ["a decimal", Numeric],
          boolean: ["a boolean", TrueClass, FalseClass], array: ["an array", Array], object: ["an object", Hash]
        }.freeze

        # @param fields [Hash{Symbol => Rule}]
        def initialize(fields)
          @fields = fields.transform_keys(&:to_s)
        end

        # @param object [Hash]
        # @param path [String] where in the body it is
        # @return [Hash] the object
        # @raise [ApiError] 400
        def check(object, path = "")
          object.each_key do |name|
            raise ApiError.unknown_parameter(path + name) unless @fields.key?(name)
          end
          @fields.each do |name, rule|
            raise ApiError.missing_parameter(path + name) if rule.required && !object.key?(name)

            check_value(object[name], rule, path + name) unless object[name].nil? && !rule.required
          end
          object
        end

        private

        def check_value(value, rule, name)
          kind = rule.types.find { |type| KINDS.fetch(type).drop(1).any? { |klass| value.is_a?(klass) } }
          raise ApiError.invalid_type(name, expected(rule), value) unless kind
          raise ApiError.invalid_value(name, value, rule.only) if rule.only && !rule.only.include?(value)

          check_limits(value, rule, name)
          check_within(value, rule, name) if rule.within
          check_metadata(value, name) if name.end_with?("metadata")
        end

        def expected(rule)
          rule.types.map { |type| KINDS.fetch(type).first }.join(" or ")
        end

        def check_limits(value, rule, name)
          case value
          when Numeric
            limit(name, value, "maximum", "<=", rule.most) if rule.most && value > rule.most
            limit(name, value, "minimum", ">=", rule.least) if rule.least && value < rule.least
          when String, Array
            too_long(name, value, rule.longest) if rule.longest && value.length > rule.longest
          end
        end

        def limit(name, value, which, sign, bound)
          kind = value.is_a?(Integer) ? "integer" : "decimal"
          side = which == "maximum" ? "above" : "below"
          raise ApiError.new("Invalid '#{name}': #{kind} #{side} #{which} value. Expected a value #{sign} #{bound}, " \
                             "but got #{value} instead.", param: name, code: "#{kind}_#{side}_#{which[0, 3]}_value")
        end

        def too_long(name, value, longest)
          kind = value.is_a?(String) ? "string" : "array"
          raise ApiError.new("Invalid '#{name}': #{kind} too long. Expected one with maximum length #{longest}, but " \
                             "got one with length #{value.length} instead.",
                             param: name, code: "#{kind}_above_max_length")
        end

        def check_within(value, rule, name)
          case value
          when Hash then rule.within.check(value, "#{name}.")
          when Array
            value.each_with_index do |item, index|
              raise ApiError.invalid_type("#{name}[#{index}]", "an object", item) unless item.is_a?(Hash)

              rule.within.check(item, "#{name}[#{index}].")
            end
          end
        end

        def check_metadata(value, name)
          if value.size > 16
            raise ApiError.new("Invalid '#{name}': too many properties. Expected at most 16, but got #{value.size}.",
                               param: name, code: "object_above_max_properties")
          end

          value.each do |key, text|
            raise ApiError.invalid_type("#{name}.#{key}", "a string", text) unless text.is_a?(String)

            too_long("#{name}.#{key}", text, 512) if text.length > 512
          end
        end
      end
    end
  end
end
