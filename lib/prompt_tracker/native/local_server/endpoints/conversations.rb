# frozen_string_literal: true

require_relative "../responses_api/dialog"
require_relative "../responses_api/input"
require_relative "../responses_api/parameters"
require_relative "endpoint"

module PromptTracker
  module Native
    class LocalServer
      module Endpoints
        # /conversations
        # @private
        class Conversations < Endpoint
          def create
            fields = body(ResponsesApi::Parameters::CONVERSATION)
            items = items(fields)
            dialog = ResponsesApi::Dialog.new(new_id("conv"), metadata: fields["metadata"] || {})
            dialog.add(items)
            created(store.add_dialog(dialog))
          end

          def retrieve(id) = shown(store.dialog(id))

          def modify(id)
            dialog = store.dialog(id)
            dialog.metadata = body(ResponsesApi::Parameters::CONVERSATION_CHANGE)["metadata"]
            shown(dialog)
          end

          def delete(id)
            store.dialog(id)
            store.dialogs.delete(id)
            deleted(id, "conversation")
          end

          def add_items(id)
            dialog = store.dialog(id)
            items = items(body(ResponsesApi::Parameters::MORE_ITEMS))
            dialog.check_free
            dialog.add(items)
            Answer.new({ "object" => "list", "data" => items.map(&:to_h), "first_id" => items.first&.id,
                         "last_id" => items.last&.id, "has_more" => false }, created: true)
          end

          def list_items(id) = item_page(current(id).transcript)

          def retrieve_item(id, item) = shown(current(id).item(item))

          def delete_item(id, item)
            dialog = current(id)
            dialog.item(item)
            dialog.items.delete(item)
            shown(dialog)
          end

          private

          # The conversation as it is now that its responses have gone on.
          def current(id) = store.dialog(id).tap(&:advance)

          def items(fields) = ResponsesApi::Input.new(fields["items"], context, name: "items").items
        end
      end
    end
  end
end
