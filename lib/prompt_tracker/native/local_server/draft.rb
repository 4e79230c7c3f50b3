# frozen_string_literal: true

require_relative "speaker"

module PromptTracker
  module Native
    class LocalServer
      # What the assistant will write in a run: messages, each a list of blocks, each block text in deltas or another
      # kind of block. Here the content quirks apply.
      # @private
      class Draft
        # @!attribute deltas [Array<String>, nil] of a text block
        # @!attribute other [Hash, nil] a block of another kind
        Block = Struct.new(:deltas, :other) do
          def pieces = deltas || [other]
        end

        # @return [Array<Array<Block>>] messages of blocks
        attr_reader :messages

        # @param texts [Array<String>] one for each message
        # @param deltas [Array<String>, nil] how to cut the text, where there is one
        def initialize(texts, deltas, quirks)
          @quirks = quirks
          @deltas = deltas
          texts = ["Let me think about that.", *texts] if texts.size == 1 && quirks.on?(:several_messages)
          @messages = texts.map { |text| blocks(text, texts.size == 1) }
        end

        # @return [Integer] how many pieces a stream will carry
        def pieces = messages.sum { |blocks| blocks.sum { |block| block.pieces.size } }

        # @return [Array<String>] the texts of all messages
        def texts = messages.map { |blocks| blocks.filter_map { |block| block.deltas&.join }.join("\n\n") }

        private

        def blocks(text, alone)
          if @quirks.on?(:empty_content) then []
          elsif @quirks.on?(:no_text) then [image]
          elsif @quirks.on?(:image_blocks) then [image, text_block(text, alone), image]
          elsif @quirks.on?(:text_blocks) then parts(text).map { |part| text_block(part, false) }
          else [text_block(text, alone)]
          end
        end

        def text_block(text, alone) = Block.new(alone && @deltas ? @deltas : Speaker.deltas(text), nil)

        def image
          Block.new(nil, "type" => "image_file", "image_file" => { "file_id" => "file-#{SecureRandom.alphanumeric(22)}",
                                                                   "detail" => "auto" })
        end

        def parts(text)
          parts = text.split("\n\n").reject(&:empty?)
          return parts if parts.size > 1

          words = Speaker.deltas(text)
          middle = (words.size / 2.0).ceil
          [words.first(middle).join, words.drop(middle).join.lstrip].reject(&:empty?)
        end
      end
    end
  end
end
