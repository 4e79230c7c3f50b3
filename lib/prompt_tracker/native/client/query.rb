# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # What stands in a URL.
      #
      # @api private
      module Query
        # All that a URL may hold without a meaning of its own.
        UNRESERVED = /\A[A-Za-z0-9._~-]+\z/
        RESERVED = /[^A-Za-z0-9._~-]/n
        # Models have ids such as "ft:gpt-4o:team::1" and "vendor/model".
        MODEL = %r{\A[A-Za-z0-9._~:@/-]+\z}
        # Would stand for another path than the one meant.
        DOTS = %r{(?:\A|/)\.{1,2}(?:/|\z)}

        private_constant :UNRESERVED, :RESERVED, :MODEL, :DOTS

        module_function

        # @param text [String] UTF-8
        # @return [String] every byte that means something in a URL as %XX
        def escape(text)
          text.b.gsub(RESERVED) { |byte| format("%%%02X", byte.ord) }.encode(Encoding::UTF_8)
        end

        # An id, as a segment of a path. It is taken only where it needs no escaping, so that no id can reach another
        # path, a query or a header. An id can be a mistaken secret: the message doesn't quote it.
        #
        # @param name [Symbol] the argument's name, for the message
        # @return [String]
        # @raise [ArgumentError]
        def id(name, value)
          segment(name, value, UNRESERVED, "letters, digits and - . _ ~")
        end

        # A model's id, as a segment of a path: it may also hold `:`, `@` and `/`, which are escaped.
        #
        # @return [String]
        # @raise [ArgumentError]
        def model(name, value)
          escape(segment(name, value, MODEL, "letters, digits and - . _ ~ : @ /"))
        end

        # @param parameters [Hash, nil] nil values are left out; an Array becomes `name[]=…` for each element, a
        #   Hash `name[key]=…`
        # @return [String] a query without its question mark; "" for none
        # @raise [ArgumentError] where a text isn't valid in its encoding
        def encode(parameters)
          pairs(parameters || {}).map { |name, value| "#{text(name)}=#{text(value)}" }.join("&")
        end

        def segment(name, value, allowed, what)
          raise ArgumentError, "#{name} must be a String, not #{value.class}" unless value.is_a?(String)
          raise ArgumentError, "#{name} must not be blank" if value.b.strip.empty?
          return value if value.b.match?(allowed) && !value.b.match?(DOTS)

          raise ArgumentError, "#{name} must be an id: only #{what}, and not . or .. by themselves"
        end

        def pairs(value, prefix = nil)
          case value
          when Hash then value.flat_map { |key, inner| pairs(inner, prefix ? "#{prefix}[#{key}]" : key.to_s) }
          when Array then value.flat_map { |inner| pairs(inner, "#{prefix}[]") }
          when nil then []
          else [[prefix, value.to_s]]
          end
        end

        def text(value)
          escape(Text.utf8!(value))
        end
        private_class_method :segment, :pairs, :text
      end
    end
  end
end
