# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # What a service calls the thread where it made no conversation: its one response. It can be read.
        class ResponseThread < ConversationThread
          # @return [Integer]
          def created_at
            response(id)["created_at"] || 0
          end

          # The output and then the input, newest first.
          #
          # @return [Enumerator<Hash>]
          def items(order:, after: nil, page: LOOKED_AT)
            input = input_items(page)
            Enumerator.new do |items|
              found = after.nil?
              all = order == "desc" ? output.reverse.chain(input) : (input.to_a.reverse + output).each
              all.each do |item|
                items << item if found
                found ||= item["id"] == after
              end
            end
          end

          # @return [Hash]
          def item(item_id)
            items(order: "desc").find { |item| item["id"] == item_id } ||
              raise(Classic.not_found("No item found with id '#{item_id}'."))
          end

          %i[to_h modify delete add delete_item respond].each do |name|
            define_method(name) { |*| raise UnsupportedError, unsupported }
          end

          private

          def output
            Array(response(id)["output"])
          end

          def input_items(page)
            pages("desc", nil, page) do |query|
              @client.responses.input_items(response_id: id, parameters: query)
            end
          end

          def unsupported
            "#{id} is one response, not a thread: its messages and its run can be read, and a call of the service " \
              "can go on from it, but nothing can be added to it. A call with `thread_id: :new`, or threads.create, " \
              "makes a conversation"
          end
        end
      end
    end
  end
end
