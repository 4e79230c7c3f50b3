# frozen_string_literal: true

require_relative "../api_error"
require_relative "item"

module PromptTracker
  module Native
    class LocalServer
      module ResponsesApi
        # A conversation of the Conversations API: its items in order, and the responses in it. (The class Conversation
        # is the Assistants API's thread.)
        # @private
        class Dialog
          # So many items a request may add.
          MOST_ADDED = 20

          # @return [Hash{String => Item}] by id
          attr_reader :items
          attr_reader :id
          attr_accessor :metadata

          def initialize(id, metadata: {})
            @id = id
            @metadata = metadata
            @created_at = Time.now.to_i
            @items = {}
            @running = []
          end

          # @param items [Array<Item>]
          def add(items) = items.each { |item| @items[item.id] = item }

          # @return [Array<Item>] what a response in it is given to read
          def transcript = items.values

          # @raise [ApiError] 404
          def item(id) = items.fetch(id) { raise ApiError.item_not_found(id) }

          # Lets every response in it go on to where it is by now.
          def advance = @running.each(&:advance)

          # A response has begun in it.
          def enter(response) = @running << response

          # @raise [ApiError] 400 while a response runs in it
          def check_free
            advance
            @running.reject!(&:resting?)
            raise ApiError.conversation_locked if @running.any?
          end

          def to_h
            { "id" => id, "object" => "conversation", "created_at" => @created_at, "metadata" => metadata }
          end
        end
      end
    end
  end
end
