# frozen_string_literal: true

require_relative "mapping/field_error"
require_relative "mapping/fields"
require_relative "mapping/shape"
require_relative "mapping/content"
require_relative "mapping/response_format"
require_relative "mapping/tools"
require_relative "mapping/request"

module PromptTracker
  module Native
    # What the Assistants API calls things, in the Responses API's words. What can't be carried over is a {FieldError}
    # that names the field. `docs/mapping.md` has it all as tables.
    module Mapping
      module_function

      # A prompt as input items of a response.
      #
      # @param prompt [String, Array<Hash, String>] text, or content parts: those of the Assistants API (`text`,
      #   `image_url`, `image_file`) and those of the Responses API (`input_text`, `input_image`, `input_file`)
      # @return [Array<Hash{Symbol => Object}>] one message of the user
      # @raise [ArgumentError] names the part that can't be sent
      # @example
      #   Mapping.input([{ type: "text", text: "What is this?" },
      #                  { type: "image_file", image_file: { file_id: "file-abc123" } }])
      def input(prompt)
        content = prompt.is_a?(Array) ? Content.parts("prompt", prompt) : Shape.text("prompt", prompt)
        [{ type: "message", role: "user", content: content }]
      end

      # Messages of a thread as input items of a response, or items of a conversation. Both what
      # `messages.create` takes and what `messages.list` gave are messages.
      #
      # @param messages [Array<Hash>] `role:` and `content:`, in order
      # @param field [String] what the messages are called in an error
      # @return [Array<Hash{Symbol => Object}>] an item for each message
      # @raise [ArgumentError] names the message and the field that can't be carried over
      # @example
      #   Mapping.items([{ role: "user", content: "Hello!" }, { role: "assistant", content: "Good morning." }])
      def items(messages, field: "messages")
        Shape.array(field, messages).each_with_index.map do |message, index|
          Content.item("#{field}[#{index}]", message)
        end
      end
    end
  end
end
