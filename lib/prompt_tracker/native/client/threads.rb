# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # `/threads`: conversations with an assistant. Each call gives the object that the server answers with, a
      # Hash with Strings as keys, and raises {Error} or one of its subclasses where that fails.
      class Threads < Resource
        # @param id [String]
        # @return [Hash] the thread
        # @raise [ArgumentError] where the id can't be one
        def retrieve(id:)
          return classic.retrieve(id) if on_conversations?(id)

          ask(:get, path("threads", id: id))
        end

        # @param parameters [Hash] `messages:`, `metadata:` …
        # @return [Hash] the thread
        # @example
        #   client.threads.create["id"] # => "thread_…", or "conv_…" where definitions are known
        def create(parameters: {})
          return classic.create(parameters) if Wire.new_thread?(@plain)

          ask(:post, path("threads"), parameters: parameters)
        end

        # @param id [String]
        # @param parameters [Hash] `metadata:` …
        # @return [Hash] the thread
        # @raise [ArgumentError] where the id can't be one
        def modify(id:, parameters: {})
          return classic.modify(id, parameters) if on_conversations?(id)

          ask(:post, path("threads", id: id), parameters: parameters)
        end

        # @param id [String]
        # @return [Hash] empty where the server answers with nothing
        # @raise [ArgumentError] where the id can't be one
        def delete(id:)
          return classic.delete(id) if on_conversations?(id)

          ask(:delete, path("threads", id: id))
        end
      end
    end
  end
end
