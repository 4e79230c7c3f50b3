# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # `/assistants`: the assistants' definitions. Each call gives the object that the server answers with, a Hash
      # with Strings as keys, and raises {Error} or one of its subclasses where that fails.
      class Assistants < Resource
        # @return [Hash] the list, with the assistants in `"data"`
        # @example
        #   client.assistants.list["data"].map { |assistant| assistant["id"] }
        def list
          @client.object(:get, path("assistants"))
        end

        # @param id [String]
        # @return [Hash] the assistant
        # @raise [ArgumentError] where the id can't be one
        def retrieve(id:)
          @client.object(:get, path("assistants", id: id))
        end

        # @param parameters [Hash] `model:`, `name:`, `instructions:`, `tools:` …
        # @return [Hash] the assistant
        # @example
        #   client.assistants.create(parameters: { model: "gpt-4o", instructions: "Answer briefly." })["id"]
        def create(parameters: {})
          @client.object(:post, path("assistants"), parameters: parameters)
        end

        # @param id [String]
        # @param parameters [Hash] what changes
        # @return [Hash] the assistant
        # @raise [ArgumentError] where the id can't be one
        def modify(id:, parameters: {})
          @client.object(:post, path("assistants", id: id), parameters: parameters)
        end

        # @param id [String]
        # @return [Hash] empty where the server answers with nothing
        # @raise [ArgumentError] where the id can't be one
        def delete(id:)
          @client.object(:delete, path("assistants", id: id))
        end
      end
    end
  end
end
