# frozen_string_literal: true

require_relative "../allowed"
require_relative "../conversation"
require_relative "endpoint"

module PromptTracker
  module Native
    class LocalServer
      module Endpoints
        # /threads
        # @private
        class Threads < Endpoint
          def create = created(add_conversation(body(Allowed::THREAD)))

          def retrieve(id) = shown(store.conversation(id))

          def modify(id)
            conversation = store.conversation(id)
            changes = body(Allowed::THREAD_CHANGE)
            conversation.metadata = changes["metadata"] || {} if changes.key?("metadata")
            conversation.tool_resources = changes["tool_resources"] || {} if changes.key?("tool_resources")
            shown(conversation)
          end

          def delete(id)
            store.conversation(id)
            store.conversations.delete(id)
            deleted(id, "thread")
          end
        end
      end
    end
  end
end
