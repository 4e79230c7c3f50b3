# frozen_string_literal: true

module PromptTracker
  module Native
    module Mapping
      # Messages and the parts that they consist of.
      #
      # @api private
      module Content
        ROLES = %w[user assistant].freeze
        # Parts that the Responses API itself has: they stay as they are.
        RESPONSES = %w[input_text input_image input_file].freeze
        # Those that an assistant's message may hold there.
        SPOKEN = %w[output_text refusal].freeze

        private_constant :ROLES, :RESPONSES, :SPOKEN

        class << self
          # @return [Array<Hash{Symbol => Object}>] the parts of a user's message
          def parts(field, parts)
            raise FieldError.new(field, "is an empty Array: give at least one content part") if parts.empty?

            parts.each_with_index.map { |part, index| part("#{field}[#{index}]", part) }
          end

          # @return [Hash{Symbol => Object}] an input item
          def item(field, message)
            Shape.object(field, message)
            Shape.only(field, message, Fields::MESSAGE.keys)
            attachments = Shape.member(message, "attachments")
            unless Shape.empty?(attachments)
              raise FieldError.new("#{field}.attachments", Fields::MESSAGE.fetch("attachments").how)
            end

            role = role("#{field}.role", Shape.member(message, "role"))
            content = content("#{field}.content", Shape.member(message, "content"), role)
            { type: "message", role: role, content: content }
          end

          private

          def role(field, value)
            role = Shape.string(field, value, "user")
            return role if ROLES.include?(role)

            raise FieldError.new(field, "must be \"user\" or \"assistant\", not #{role.inspect}")
          end

          def content(field, value, role)
            return Shape.text(field, value) unless value.is_a?(Array)

            role == "user" ? parts(field, value) : spoken(field, value)
          end

          # What an assistant has said goes back as text: there, its messages hold nothing else.
          def spoken(field, parts)
            texts = parts.each_with_index.map { |part, index| spoken_part("#{field}[#{index}]", part) }
            texts.join("\n\n")
          end

          def spoken_part(field, part)
            return Shape.text(field, part) if part.is_a?(String)

            type = type(field, part)
            return refusal(field, part) if type == "refusal"
            return text(field, part) if type == "text" || SPOKEN.include?(type)

            raise FieldError.new(field, "is #{type}: of an assistant's message only text can be carried over")
          end

          def part(field, part)
            return { type: "input_text", text: Shape.text(field, part) } if part.is_a?(String)

            type = type(field, part)
            case type
            when "text" then { type: "input_text", text: text(field, part) }
            when "image_url" then image(field, part, type, "url", :image_url)
            when "image_file" then image(field, part, type, "file_id", :file_id)
            when *RESPONSES then part
            else
              raise FieldError.new("#{field}.type", "is #{type.inspect}, which the Responses API doesn't take: " \
                                                    "text, image_url, image_file, #{RESPONSES.join(", ")} are known")
            end
          end

          def type(field, part)
            Shape.object(field, part)
            Shape.string("#{field}.type", Shape.member(part, "type"), "text")
          end

          # Text is a String where a message is made, and an object with a value where it was read.
          def text(field, part)
            text = Shape.member(part, "text")
            text = Shape.member(text, "value") if text.is_a?(Hash)
            Shape.text("#{field}.text", text)
          end

          def refusal(field, part)
            Shape.text("#{field}.refusal", Shape.member(part, "refusal"))
          end

          def image(field, part, type, source, target)
            image = Shape.member(part, type)
            image = { source => image } if image.is_a?(String)
            field = "#{field}.#{type}"
            place = Shape.string("#{field}.#{source}", Shape.member(Shape.object(field, image), source), "…")
            detail = Shape.member(image, "detail")
            { type: "input_image", target => place,
              detail: detail.nil? ? "auto" : Shape.string("#{field}.detail", detail, "auto") }
          end
        end
      end
    end
  end
end
