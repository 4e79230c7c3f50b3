# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # A body of `multipart/form-data`, as a Hash.
      # @private
      module Form
        BOUNDARY = %r{\Amultipart/form-data\s*;.*\bboundary=(?:"([^"]+)"|([^\s;]+))}i
        NAME = /;\s*name="([^"]*)"/i
        FILENAME = /;\s*filename="([^"]*)"/i
        # A name such as `expires_after[seconds]` or `image[]`.
        NESTED = /\A([^\[\]]+)\[([^\[\]]*)\]\z/

        module_function

        # @param type [String, nil] the request's Content-Type
        # @param raw [String] its body
        # @return [Hash{String => Object}, nil] a String for each text, and for each file a Hash with its filename, its
        #   content_type and its content; nil where the body is no form
        def parse(type, raw)
          boundary = type.to_s[BOUNDARY] && (Regexp.last_match(1) || Regexp.last_match(2))
          return unless boundary

          _, *parts = "\r\n#{raw.b}".split("\r\n--#{boundary}".b, -1)
          return unless parts.pop&.start_with?("--")

          parts.each_with_object({}) { |part, fields| read(part, fields) }
        end

        # @return [Hash] a form as it can be shown
        def shown(form)
          form.transform_values do |value|
            next value unless value.is_a?(Hash) && value["content"].is_a?(String)

            value.merge("content" => "#{value["content"].bytesize} bytes")
          end
        end

        def read(part, fields)
          head, content = part.split("\r\n\r\n", 2)
          headers = head.scan(/^([^:\r\n]+):[ \t]*([^\r\n]*)/).to_h { |name, value| [name.downcase, utf8(value)] }
          name = headers["content-disposition"].to_s[NAME, 1] or return
          put(fields, unquoted(name), value(headers, content.to_s))
        end

        def value(headers, content)
          filename = headers["content-disposition"][FILENAME, 1]
          return utf8(content) unless filename

          { "filename" => unquoted(filename), "content_type" => headers["content-type"], "content" => content }
        end

        def put(fields, name, value)
          whole, inner = name.match(NESTED)&.captures
          case inner
          when nil then fields[name] = value
          when "" then (fields[whole] ||= []) << value
          else (fields[whole] ||= {})[inner] = value
          end
        end

        def unquoted(text) = text.gsub(/%(0D|0A|22)/i) { Regexp.last_match(1).hex.chr }

        def utf8(text) = text.dup.force_encoding(Encoding::UTF_8)
        private_class_method :read, :value, :put, :unquoted, :utf8
      end
    end
  end
end
