# frozen_string_literal: true

require "securerandom"

module PromptTracker
  module Native
    class Client
      module Classic
        # A thread whose server keeps no conversations, or no responses: each response is sent all of it. It has what a
        # {ConversationThread} has.
        class HeldThread
          # @return [Hash] the thread, as a conversation
          # @param items [Array<Hash>]
          # @param metadata [Hash]
          def self.create(client, items, metadata)
            conversation = Classic.histories.create(metadata)
            new(client, Classic.histories.find(conversation["id"])).add(items)
            conversation
          end

          # @param held [Histories::Held]
          def initialize(client, held)
            @client = client
            @conversation = held.conversation
            @history = held.history
          end

          # @return [String]
          def id
            @conversation["id"]
          end

          # @return [Hash]
          def to_h
            @conversation.dup
          end
          alias known to_h

          # @return [Integer]
          def created_at
            @conversation["created_at"]
          end

          # @return [Hash]
          def resources
            Shapes.thread(@conversation)["tool_resources"]
          end

          # @return [Hash]
          def modify(metadata)
            @conversation["metadata"] = metadata
            to_h
          end

          # @return [Hash]
          def delete
            Classic.histories.delete(id)
            { "id" => id, "object" => "conversation.deleted", "deleted" => true }
          end

          # @return [Enumerator<Hash>]
          def items(order:, after: nil, **)
            items = order == "desc" ? @history.items.reverse : @history.items
            after ? items.drop_while { |item| item["id"] != after }.drop(1).each : items.each
          end

          # @return [Array<Hash>]
          def add(items)
            added = @history.add(items)
            Classic.histories.prune
            added
          end

          # @return [Hash]
          def item(item_id)
            @history.items.find { |item| item["id"] == item_id } || raise(no_item(item_id))
          end

          def delete_item(item_id)
            @history.delete(item_id) || raise(no_item(item_id))
          end

          # @return [Hash, nil] as {ConversationThread#respond}
          def respond(run, input, events = nil)
            @history.hold do
              body = { **run.parameters, input: @history.input + input, store: false, stream: events }.compact
              answer = @client.responses.create(parameters: body)
              streamed = answer.is_a?(String)
              response = streamed ? events.response : answer
              keep(run, input, response) if response
              streamed ? nil : answer
            end
          end

          # @return [Boolean]
          def background?
            false
          end

          # @raise [HTTPError] 404: its runs know their responses themselves
          def response(response_id, _included = [])
            raise Classic.not_found("No run found with id '#{response_id}'.")
          end

          # @raise [UnsupportedError]
          def cancel(response_id)
            raise UnsupportedError, "#{response_id} can't be cancelled: its thread is held here, where runs are over " \
                                    "when they have been created"
          end

          # @return [Boolean] what was submitted, this process knows
          def answered?(_call_ids)
            false
          end

          private

          # A response that failed adds nothing, as in a conversation.
          def keep(run, input, response)
            return unless response["output"].is_a?(Array)

            response["id"] ||= "resp_local_#{SecureRandom.hex(12)}"
            response["store"] = false
            response["output"].each { |item| item["id"] ||= "item_local_#{SecureRandom.hex(12)}" }
            run.see(response)
            add(input + response["output"]) if %w[completed incomplete].include?(response["status"])
          end

          def no_item(id)
            Classic.not_found("No item found with id '#{id}'.")
          end
        end
      end
    end
  end
end
