# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # `/conversations`: what was said, kept at the server. Each call gives the object that the server answers with, a
      # Hash with Strings as keys, and raises {Error} or one of its subclasses where that fails. Every id is checked
      # before anything is sent.
      class Conversations
        include Paths

        # So many items may be added in one request.
        MOST_ITEMS = 20

        # @param client [Client]
        def initialize(client:)
          @client = client
        end

        # @param id [String]
        # @return [Hash] the conversation
        # @raise [ArgumentError] where the id can't be one
        def retrieve(id:)
          @client.object(:get, path("conversations", id: id))
        end

        # @param parameters [Hash] `items:` (at most {MOST_ITEMS}), `metadata:`
        # @return [Hash] the conversation
        # @example
        #   items = [{ role: "user", content: "Hello!" }]
        #   client.conversations.create(parameters: { items: items })["id"] # => "conv_…"
        def create(parameters: {})
          @client.object(:post, path("conversations"), parameters: parameters)
        end

        # @param id [String]
        # @param parameters [Hash] `metadata:`
        # @return [Hash] the conversation
        # @raise [ArgumentError] where the id can't be one
        def modify(id:, parameters: {})
          @client.object(:post, path("conversations", id: id), parameters: parameters)
        end
        alias update modify

        # @param id [String]
        # @return [Hash] empty where the server answers with nothing
        # @raise [ArgumentError] where the id can't be one
        def delete(id:)
          @client.object(:delete, path("conversations", id: id))
        end

        # @param conversation_id [String]
        # @param parameters [Hash] `items:`, at most {MOST_ITEMS}
        # @return [Hash] the list, with the added items in `"data"`
        # @raise [ArgumentError] where the id can't be one
        def create_items(conversation_id:, parameters: {})
          @client.object(:post, items_of(conversation_id), parameters: parameters)
        end

        # @param conversation_id [String]
        # @param parameters [Hash] `limit:`, `order:`, `after:`, `include:`
        # @return [Hash] the list, with the items in `"data"`
        # @raise [ArgumentError] where the id can't be one
        def list_items(conversation_id:, parameters: {})
          @client.object(:get, items_of(conversation_id), query: parameters)
        end
        alias items list_items

        # @param conversation_id [String]
        # @param item_id [String]
        # @return [Hash] the item
        # @raise [ArgumentError] where an id can't be one
        def get_item(conversation_id:, item_id:)
          @client.object(:get, items_of(conversation_id) + path(item_id: item_id))
        end

        # @param conversation_id [String]
        # @param item_id [String]
        # @return [Hash] the conversation; empty where the server answers with nothing
        # @raise [ArgumentError] where an id can't be one
        def delete_item(conversation_id:, item_id:)
          @client.object(:delete, items_of(conversation_id) + path(item_id: item_id))
        end

        private

        def items_of(conversation_id)
          path("conversations", { conversation_id: conversation_id }, "items")
        end
      end
    end
  end
end
