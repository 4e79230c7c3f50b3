# frozen_string_literal: true

require_relative "../allowed"
require_relative "../message"
require_relative "endpoint"

module PromptTracker
  module Native
    class LocalServer
      module Endpoints
        # /threads/{thread_id}/messages
        # @private
        class Messages < Endpoint
          def create(thread_id)
            conversation = current(thread_id)
            fields = body(Allowed::MESSAGE)
            if (run = conversation.active_run)
              raise ApiError.new("Can't add messages to #{thread_id} while a run #{run.id} is active.")
            end

            created(add_message(conversation, fields))
          end

          def list(thread_id)
            messages = current(thread_id).messages.values
            run_id = request.query["run_id"]
            messages = messages.select { |message| message.run_id == run_id } if run_id
            page(messages)
          end

          def retrieve(thread_id, id) = shown(current(thread_id).message(id))

          def modify(thread_id, id)
            message = current(thread_id).message(id)
            message.metadata = body(Allowed::METADATA_CHANGE)["metadata"] || {}
            shown(message)
          end

          def delete(thread_id, id)
            conversation = current(thread_id)
            conversation.message(id)
            conversation.messages.delete(id)
            deleted(id, "thread.message")
          end

          private

          # The thread as it is now that its runs have gone on.
          def current(thread_id)
            conversation = store.conversation(thread_id)
            conversation.advance
            conversation
          end
        end
      end
    end
  end
end
