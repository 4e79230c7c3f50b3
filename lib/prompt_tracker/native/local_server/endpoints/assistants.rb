# frozen_string_literal: true

require_relative "../allowed"
require_relative "../assistant"
require_relative "endpoint"

module PromptTracker
  module Native
    class LocalServer
      module Endpoints
        # /assistants
        # @private
        class Assistants < Endpoint
          def create
            assistant = Assistant.new(new_id("asst"), body(Allowed::ASSISTANT))
            store.assistants[assistant.id] = assistant
            created(assistant)
          end

          def list = page(store.assistants.values)

          def retrieve(id) = shown(assistant(id))

          # A built-in assistant becomes a known one by being changed.
          def modify(id)
            changes = body(Allowed::ASSISTANT_CHANGE)
            store.assistants[id] = assistant(id)
            store.assistants[id].modify(changes)
            shown(store.assistants[id])
          end

          def delete(id)
            assistant(id)
            store.assistants.delete(id)
            deleted(id, "assistant")
          end
        end
      end
    end
  end
end
