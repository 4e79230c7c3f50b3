# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # Conversations as threads, and items as messages.
        module Shapes
          # Why a run left a message unfinished, as a message says it.
          REASONS = { "max_completion_tokens" => "max_tokens", "content_filter" => "content_filter",
                      "cancelled" => "run_cancelled", "failed" => "run_failed" }.freeze
          # A thread's tool_resources in a conversation's metadata: as JSON, in as many keys as it takes.
          KEY = "prompt_tracker_tool_resources"
          RESOURCES = /\A#{KEY}(?:\.\d+)?\z/
          # The longest that a value of metadata may be.
          LONGEST_VALUE = 512

          private_constant :KEY, :RESOURCES, :LONGEST_VALUE

          class << self
            # @param conversation [Hash]
            # @return [Hash] the thread
            def thread(conversation)
              own, others = (conversation["metadata"] || {}).partition { |name, _| name.match?(RESOURCES) }
              { "id" => conversation["id"], "object" => "thread", "created_at" => conversation["created_at"] || 0,
                "metadata" => others.to_h, "tool_resources" => own.empty? ? {} : resources(own) }
            end

            # What a conversation keeps of a thread's metadata and tool_resources.
            #
            # @return [Hash]
            def metadata(metadata, resources)
              return metadata if resources.nil? || resources.empty?

              parts = Text.generate_json(resources).scan(/.{1,#{LONGEST_VALUE}}/mo)
              { **metadata, **parts.each_with_index.to_h { |part, index| [resource_key(index), part] } }
            end

            # @param item [Hash]
            # @param fact [Fact, nil]
            # @return [Hash, nil] the message, whose `created_at` is nil where the fact has none; nil where the item is
            #   no message
            def message(item, thread_id, fact)
              blocks = blocks(item)
              fact ||= NO_FACT
              blocks && { "id" => item["id"], "object" => "thread.message", "created_at" => fact.created_at,
                          "thread_id" => thread_id, **state(item, fact), "role" => item["role"] || "assistant",
                          "content" => blocks, "assistant_id" => fact.assistant_id, "run_id" => fact.run_id,
                          "attachments" => attachments(item), "metadata" => fact.metadata || {} }
            end

            # @param annotation [Hash] of the Responses API
            # @return [Hash]
            def annotation(annotation)
              part = { "type" => "output_text", "text" => "", "annotations" => [annotation] }
              spoken({ "type" => "message", "content" => [part] }).dig(0, "text", "annotations", 0)
            end

            private

            def resource_key(index)
              index.zero? ? KEY : "#{KEY}.#{index}"
            end

            def resources(own)
              Text.parse_json(own.sort_by { |name, _| name[/\d+/].to_i }.map(&:last).join)
            rescue AnswerError # somebody else's key
              {}
            end

            # The content of an item of a response's output, or nil where it has none.
            def spoken(item)
              ResponseShape.message({ "output" => [item] }, "", nil, nil)&.fetch("content")
            end

            # The content of a message as blocks. An image that was made is an item of its own.
            def blocks(item)
              return spoken(item) unless item["role"] == "user"

              content = item["content"]
              return [text(content)] if content.is_a?(String)

              Array(content).reject { |part| file(part) }.map { |part| block(part) }
            end

            def block(part)
              case part["type"]
              when "input_text", "output_text", "text" then text(part["text"])
              when "input_image" then image(part)
              else part
              end
            end

            def text(value)
              { "type" => "text", "text" => { "value" => value, "annotations" => [] } }
            end

            def image(part)
              kind, place = part["file_id"] ? %w[image_file file_id] : %w[image_url url]
              { "type" => kind, kind => { place => part["file_id"] || part["image_url"],
                                          "detail" => part["detail"] || "auto" } }
            end

            def file(part)
              part["file_id"] if part["type"] == "input_file"
            end

            def attachments(item)
              return [] unless item["role"] == "user" && item["content"].is_a?(Array)

              item["content"].filter_map { |part| { "file_id" => file(part), "tools" => [] } if file(part) }
            end

            def state(item, fact)
              status = %w[in_progress incomplete].include?(item["status"]) ? item["status"] : "completed"
              ended = fact.completed_at || fact.created_at
              cut = status == "incomplete"
              { "status" => status, "incomplete_details" => cut && fact.reason ? { "reason" => fact.reason } : nil,
                "completed_at" => status == "completed" && fact.run_id ? ended : nil,
                "incomplete_at" => cut ? ended : nil }
            end
          end
        end
      end
    end
  end
end
