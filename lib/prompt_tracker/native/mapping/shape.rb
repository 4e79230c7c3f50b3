# frozen_string_literal: true

module PromptTracker
  module Native
    module Mapping
      # What fields must be. Each function gives the value back, or raises a {FieldError} that says what to give.
      # Whether a server likes the value is for the server to say.
      #
      # @api private
      module Shape
        module_function

        # @return [String] UTF-8, with something in it
        def string(field, value, example)
          value = value.name if value.is_a?(Symbol)
          return text(field, value) if value.is_a?(String) && !value.b.strip.empty?

          wrong(field, "a String such as #{example.inspect}", value)
        end

        # @return [String] UTF-8; may be empty
        def text(field, value)
          return wrong(field, "a String", value) unless value.is_a?(String)

          Text.utf8!(value)
        rescue FieldError
          raise
        rescue ArgumentError
          raise FieldError.new(field, "isn't valid UTF-8 text: transcode it, or use String#scrub")
        end

        # @return [Numeric]
        def number(field, value)
          return value if value.is_a?(Numeric) && value.real? && value.to_f.finite?

          wrong(field, "a number", value)
        end

        # @return [Integer]
        def integer(field, value)
          value.is_a?(Integer) ? value : wrong(field, "an Integer", value)
        end

        # @return [Boolean]
        def boolean(field, value)
          [true, false].include?(value) ? value : wrong(field, "true or false", value)
        end

        # @return [Hash]
        def object(field, value)
          value.is_a?(Hash) ? value : wrong(field, "an object (a Hash)", value)
        end

        # @return [Array]
        def array(field, value)
          value.is_a?(Array) ? value : wrong(field, "an Array", value)
        end

        # @return [Array<String>]
        def ids(field, value, example)
          array(field, value).each_with_index.map { |id, index| string("#{field}[#{index}]", id, example) }
        end

        # Refuses what a Hash holds besides the known, unless there is nothing in it.
        def only(field, value, known)
          value.each do |key, inner|
            next if known.include?(key.to_s) || empty?(inner)

            raise FieldError.new([field, key].compact.join("."), "can't be carried over to the Responses API; " \
                                                                 "known here: #{known.join(", ")}")
          end
        end

        # @return [Object, nil] a member of a Hash, whichever its keys are
        def member(hash, name)
          hash.fetch(name) { hash[name.to_sym] }
        end

        def empty?(value)
          value.nil? || (value.respond_to?(:empty?) && value.empty?)
        end

        def wrong(field, what, value)
          raise FieldError.new(field, "is missing: it must be #{what}") if value.nil?

          shown = case value
                  when Hash then "an object"
                  when Array then "an Array"
                  when String then value.b.strip.empty? ? "an empty String" : "a String"
                  else value.inspect[0, 60]
                  end
          raise FieldError.new(field, "must be #{what}, not #{shown}")
        end
      end
    end
  end
end
