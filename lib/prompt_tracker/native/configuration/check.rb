# frozen_string_literal: true

module PromptTracker
  module Native
    class Configuration
      # What settings may be. Each function returns the value in the form that is kept, or raises an ArgumentError
      # that says what to give instead. Values that can hold a secret are never quoted.
      #
      # @api private
      module Check
        # Scheme, host, optional port and path; no credentials, query or fragment.
        BASE_URL = %r{\Ahttps?://[!-~&&[^/?#@]]+(?:/[!-~&&[^?#]]*)?\z}i
        HEADER_NAME = /\A[!#$%&'*+.^_`|~0-9A-Za-z-]+\z/
        # Eleven days: longer than any wait, and safe to count in milliseconds.
        MAX_SECONDS = 1_000_000

        private_constant :BASE_URL, :HEADER_NAME, :MAX_SECONDS

        module_function

        # @return [Float]
        def seconds(name, value)
          duration = !value.is_a?(String) && value.respond_to?(:to_f)
          number = value.to_f if duration
          return number if number&.positive? && number <= MAX_SECONDS

          raise ArgumentError, "#{name} must be a number of seconds above 0 and at most #{MAX_SECONDS}, " \
                               "not #{value.inspect}"
        end

        # @return [Float, nil]
        def optional_seconds(name, value)
          seconds(name, value) unless value.nil?
        end

        # @return [Integer]
        def integer(name, value, range)
          return value if value.is_a?(Integer) && range.cover?(value)

          raise ArgumentError, "#{name} must be an Integer of at least #{range.begin}, not #{value.inspect}"
        end

        # @return [Boolean]
        def boolean(name, value)
          return value if [true, false].include?(value)

          raise ArgumentError, "#{name} must be true or false, not #{value.inspect}"
        end

        # @return [Symbol, nil]
        def one_of(name, value, allowed)
          value = value.to_sym if value.is_a?(String)
          return value if allowed.include?(value)

          raise ArgumentError, "#{name} must be one of #{allowed.map(&:inspect).join(", ")}, not #{value.inspect}"
        end

        # @return [Boolean, Symbol]
        def replacement(name, value)
          value = one_of(name, value, [:auto, true, false])
          return value unless value == false && OpenaiGems.replaced?

          raise ArgumentError, "#{name} is false too late: OpenAI::Client has been replaced already. Under Rails set " \
                               "it in config/application.rb, as config.prompt_tracker_native.#{name}"
        end

        # @return [String, nil]
        def optional_string(name, value)
          return value if value.nil?
          return value.dup.freeze if value.is_a?(String) && !value.b.strip.empty?

          raise ArgumentError, "#{name} must be a String with something in it, or nil"
        end

        # @return [Logger, nil]
        def logger(name, value)
          missing = value.nil? ? [] : Observation::Logging::LEVELS.reject { |level| value.respond_to?(level) }
          raise ArgumentError, "#{name} must be nil or a Logger: it lacks #{missing.join(", ")}" unless missing.empty?

          Native.send(:observe) unless value.nil?
          value
        end

        # @return [String, nil] without slashes at its end
        def base_url(name, value)
          return value if value.nil?
          return value.sub(%r{/+\z}, "").freeze if value.is_a?(String) && value.b.match?(BASE_URL)

          raise ArgumentError, "#{name} must be like \"https://api.openai.com/v1\": http or https, a host, " \
                               "and no user, password, query or fragment"
        end

        # @return [Hash{String => String}] names as given, nil values left out
        def headers(name, value)
          raise ArgumentError, "#{name} must be a Hash of header names and values" unless value.is_a?(Hash)

          value.compact.to_h { |key, text| [header_name(name, key), header_value(name, key, text)] }.freeze
        end

        # @return [Hash{String => Hash}, #call, nil] a Hash is copied, deep and frozen, with Strings as keys
        def assistants(name, value)
          return value if value.nil? || (!value.is_a?(Hash) && value.respond_to?(:call))

          unless value.is_a?(Hash)
            raise ArgumentError, "#{name} must be a Hash of definitions by assistant id, or answer call(id), " \
                                 "not #{value.class}"
          end

          value.each { |id, definition| assistant(name, id, definition) }
          plain(value)
        end

        # Plain data: Strings as keys, Symbols as Strings, all copied and frozen.
        def plain(value)
          case value
          when Hash then value.to_h { |key, inner| [-key.to_s, plain(inner)] }.freeze
          when Array then value.map { |inner| plain(inner) }.freeze
          when String, Symbol then -value.to_s
          else value
          end
        end

        def assistant(name, id, definition)
          unless id.to_s.b.match?(/\A[A-Za-z0-9_~-][A-Za-z0-9._~-]*\z/)
            raise ArgumentError, "#{name}: #{id.to_s[0, 60].inspect} can't be an assistant's id: letters, digits and " \
                                 "._~- are fine, a dot at the beginning is not"
          end
          return if definition.is_a?(Hash)

          raise ArgumentError, "#{name}: the definition of #{id} must be a Hash, not #{definition.class}"
        end

        def header_name(name, key)
          return key.to_s.dup.freeze if key.to_s.b.match?(HEADER_NAME)

          raise ArgumentError, "#{name}: #{key.to_s[0, 60].inspect} can't be a header's name"
        end

        def header_value(name, key, text)
          simple = text.is_a?(String) || text.is_a?(Symbol) || text.is_a?(Numeric)
          return text.to_s.dup.freeze if simple && !text.to_s.b.match?(/[\r\n\0]/)

          raise ArgumentError, "#{name}: the value of #{key} must be a String without line breaks or NUL"
        end
        private_class_method :assistant, :header_name, :header_value
      end
    end
  end
end
