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
          return classic.list if Wire.new_thread?(@plain)

          ask(:get, path("assistants"))
        end

        # @param id [String]
        # @return [Hash] the assistant
        # @raise [ArgumentError] where the id can't be one
        def retrieve(id:)
          return classic.retrieve(id) if Wire.assistant?(@plain, id)

          ask(:get, path("assistants", id: id), assistant_id: id)
        end

        # @param parameters [Hash] `model:`, `name:`, `instructions:`, `tools:` …
        # @return [Hash] the assistant
        # @raise [UnsupportedError] where {Configuration#api} is `:responses`
        # @example
        #   client.assistants.create(parameters: { model: "gpt-4o", instructions: "Answer briefly." })["id"]
        def create(parameters: {})
          classic.refuse(:create) if Wire.assistant?(@plain, nil)

          ask(:post, path("assistants"), parameters: parameters)
        end

        # @param id [String]
        # @param parameters [Hash] what changes
        # @return [Hash] the assistant
        # @raise [ArgumentError] where the id can't be one
        # @raise [UnsupportedError] for one that is defined here
        def modify(id:, parameters: {})
          classic.refuse(:modify, id) if Wire.assistant?(@plain, id)

          ask(:post, path("assistants", id: id), assistant_id: id, parameters: parameters)
        end

        # @param id [String]
        # @return [Hash] empty where the server answers with nothing
        # @raise [ArgumentError] where the id can't be one
        # @raise [UnsupportedError] for one that is defined here
        def delete(id:)
          classic.refuse(:delete, id) if Wire.assistant?(@plain, id)

          ask(:delete, path("assistants", id: id), assistant_id: id)
        end
      end
    end
  end
end
