# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # A message of a thread.
      # @private
      class Message
        attr_reader :id, :role, :content, :run_id, :created_at, :status
        attr_accessor :metadata

        # The blocks of a message's content as OpenAI keeps them, from what a request may send.
        def self.blocks(content)
          return [text_block(content)] if content.is_a?(String)

          content.map { |part| part["type"] == "text" ? text_block(part["text"]) : part }
        end

        def self.text_block(value) = { "type" => "text", "text" => { "value" => value, "annotations" => [] } }

        def initialize(id, thread_id, role:, content: [], run: nil, attachments: [], metadata: {}, status: "completed")
          @id = id
          @thread_id = thread_id
          @role = role
          @content = content
          @run_id = run&.id
          @assistant_id = run&.assistant_id
          @attachments = attachments
          @metadata = metadata
          @created_at = Time.now.to_i
          finish(status)
        end

        # @param reason [String, nil] of an incomplete message
        def finish(status, reason: nil)
          @status = status
          @incomplete_details = reason && { "reason" => reason }
          @incomplete_at = status == "incomplete" ? Time.now.to_i : nil
          @completed_at = status == "completed" && run_id ? Time.now.to_i : nil
        end

        # Adds a piece of text to a block, making the block at its first piece.
        # @return [Hash] the delta
        def append_text(index, piece)
          first = @content[index].nil?
          @content[index] ||= Message.text_block(+"")
          @content[index]["text"]["value"] << piece
          text = first ? { "value" => piece, "annotations" => [] } : { "value" => piece }
          delta("index" => index, "type" => "text", "text" => text)
        end

        # The same for a refusal.
        # @return [Hash] the delta
        def append_refusal(index, piece)
          @content[index] ||= { "type" => "refusal", "refusal" => +"" }
          @content[index]["refusal"] << piece
          delta("index" => index, "type" => "refusal", "refusal" => piece)
        end

        # @return [Hash] the delta
        def annotate(index, annotation)
          list = @content[index]["text"]["annotations"] << annotation
          annotation = { "index" => list.size - 1 }.merge(annotation)
          delta("index" => index, "type" => "text", "text" => { "annotations" => [annotation] })
        end

        # @return [Hash] the delta
        def append_block(index, block)
          @content[index] = block
          delta({ "index" => index }.merge(block))
        end

        # @return [String] all its text
        def text = @content.filter_map { |block| block.dig("text", "value") }.join("\n\n")

        def to_h
          {
            "id" => id, "object" => "thread.message", "created_at" => created_at, "assistant_id" => @assistant_id,
            "thread_id" => @thread_id, "run_id" => run_id, "status" => status,
            "incomplete_details" => @incomplete_details, "incomplete_at" => @incomplete_at,
            "completed_at" => @completed_at, "role" => role, "content" => snapshot, "attachments" => @attachments,
            "metadata" => metadata
          }
        end

        private

        def delta(block) = { "id" => id, "object" => "thread.message.delta", "delta" => { "content" => [block] } }

        def snapshot
          @content.map do |block|
            next block.merge("refusal" => block["refusal"].dup) if block["refusal"]
            next block unless block["text"]

            block.merge("text" => block["text"].merge("value" => block["text"]["value"].dup,
                                                      "annotations" => block["text"]["annotations"].dup))
          end
        end
      end
    end
  end
end
