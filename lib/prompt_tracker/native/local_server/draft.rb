# frozen_string_literal: true

require_relative "speaker"

module PromptTracker
  module Native
    class LocalServer
      # What the assistant will write in a run: messages, each a list of blocks, each block text in deltas or another
      # kind of block. Here the content quirks apply.
      # @private
      class Draft
        # @!attribute deltas [Array<String>, nil] of a text, or of a refusal
        # @!attribute annotations [Array<Hash>] of the text, as the Responses API has them
        # @!attribute refusal [Boolean] is it a refusal?
        # @!attribute other [Hash, nil] a block of another kind, as the Assistants API has it
        # @!attribute data [String, nil] of an image, in Base64
        Block = Struct.new(:deltas, :annotations, :refusal, :other, :data, keyword_init: true) do
          def pieces = deltas || [other]

          def refusal? = refusal
        end

        # @return [Array<Array<Block>>] messages of blocks
        attr_reader :messages

        # @param texts [Array<String>] one for each message
        # @param script [Script] which also says how to cut the text, and what comes with the last one
        def initialize(texts, script, quirks)
          @quirks = quirks
          @script = script
          texts = ["Let me think about that.", *texts] if texts.size == 1 && quirks.on?(:several_messages)
          last = texts.size - 1
          @messages = texts.each_with_index.map { |text, index| blocks(text, texts.size == 1, index == last) }
        end

        # @return [Integer] how many pieces a stream will carry
        def pieces = messages.sum { |blocks| blocks.sum { |block| block.pieces.size } }

        # @return [Array<String>] the texts of all messages
        def texts = messages.map { |blocks| blocks.filter_map { |block| block.deltas&.join }.join("\n\n") }

        private

        def blocks(text, alone, last)
          if @quirks.on?(:empty_content) then []
          elsif @quirks.on?(:no_text) then [image]
          elsif @quirks.on?(:image_blocks) then [image, *written(text, alone, last), image]
          else written(text, alone, last)
          end
        end

        def written(text, alone, last)
          texts = @quirks.on?(:text_blocks) ? parts(text) : [text]
          blocks = texts.map { |part| text_block(part, alone && texts.size == 1, last) }
          return blocks unless last

          blocks.last&.annotations&.concat(@script.annotations)
          blocks + @script.images.map { |data| image(data) }
        end

        def text_block(text, alone, last)
          Block.new(deltas: alone && @script.deltas ? @script.deltas : Speaker.deltas(text), annotations: [],
                    refusal: last && @script.refusal?)
        end

        def image(data = nil)
          file = { "file_id" => "file-#{SecureRandom.alphanumeric(22)}", "detail" => "auto" }
          Block.new(other: { "type" => "image_file", "image_file" => file }, data: data)
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
