# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # `/threads/…/messages`: what was said in a thread. Each call gives the object that the server answers with, a
      # Hash with Strings as keys, and raises {Error} or one of its subclasses where that fails.
      class Messages < Resource
        # @param thread_id [String]
        # @param parameters [Hash] `limit:`, `order:`, `after:`, `before:`, `run_id:`
        # @return [Hash] the list, with the messages in `"data"`
        # @raise [ArgumentError] where the id can't be one
        # @raise [UnsupportedError] for `before:` in a conversation
        # @example
        #   client.messages.list(thread_id: id, parameters: { order: "desc", limit: 1 })["data"].first
        def list(thread_id:, parameters: {})
          return classic.list(thread_id, parameters) if on_conversations?(thread_id)

          ask(:get, path("threads", { thread_id: thread_id }, "messages"), query: parameters)
        end

        # @param thread_id [String]
        # @param id [String]
        # @return [Hash] the message
        # @raise [ArgumentError] where an id can't be one
        def retrieve(thread_id:, id:)
          return classic.retrieve(thread_id, id) if on_conversations?(thread_id)

          ask(:get, message(thread_id, id))
        end

        # @param thread_id [String]
        # @param parameters [Hash] `role:`, `content:`, `attachments:`, `metadata:`
        # @return [Hash] the message
        # @raise [ArgumentError] where the id can't be one
        # @example
        #   client.messages.create(thread_id: id, parameters: { role: "user", content: "Hello!" })
        def create(thread_id:, parameters: {})
          return classic.create(thread_id, parameters) if on_conversations?(thread_id)

          ask(:post, path("threads", { thread_id: thread_id }, "messages"), parameters: parameters)
        end

        # @param thread_id [String]
        # @param id [String]
        # @param parameters [Hash] `metadata:`
        # @return [Hash] the message
        # @raise [ArgumentError] where an id can't be one
        # @raise [UnsupportedError] in a conversation
        def modify(thread_id:, id:, parameters: {})
          return classic.modify(thread_id, id) if on_conversations?(thread_id)

          ask(:post, message(thread_id, id), parameters: parameters)
        end

        # @param thread_id [String]
        # @param id [String]
        # @return [Hash] empty where the server answers with nothing
        # @raise [ArgumentError] where an id can't be one
        def delete(thread_id:, id:)
          return classic.delete(thread_id, id) if on_conversations?(thread_id)

          ask(:delete, message(thread_id, id))
        end

        private

        def message(thread_id, id)
          path("threads", { thread_id: thread_id }, "messages", { id: id })
        end
      end
    end
  end
end
