# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # What `/vector_stores` and the paths below it share. Each call gives the object that the server answers with, a
      # Hash with Strings as keys, and raises {Error} or one of its subclasses where that fails. Every id is checked
      # before anything is sent.
      class VectorStoreResource
        include Paths

        # @param client [Client]
        def initialize(client:)
          @client = client.beta(assistants: Resource::BETA_VERSION)
        end

        private

        def ask(...)
          @client.object(...)
        end
      end

      # `/vector_stores`: files that can be searched by meaning.
      class VectorStores < VectorStoreResource
        # @param parameters [Hash] `limit:`, `order:`, `after:`, `before:`
        # @return [Hash] the list, with the stores in `"data"`
        def list(parameters: {})
          ask(:get, path("vector_stores"), query: parameters)
        end

        # @param id [String]
        # @return [Hash] the store
        # @raise [ArgumentError] where the id can't be one
        def retrieve(id:)
          ask(:get, path("vector_stores", id: id))
        end

        # @param parameters [Hash] `name:`, `file_ids:`, `expires_after:`, `chunking_strategy:`, `metadata:`
        # @return [Hash] the store
        # @example
        #   client.vector_stores.create(parameters: { name: "Terms", file_ids: ["file-…"] })["id"] # => "vs_…"
        def create(parameters: {})
          ask(:post, path("vector_stores"), parameters: parameters)
        end

        # @param id [String]
        # @param parameters [Hash] `name:`, `expires_after:`, `metadata:`
        # @return [Hash] the store
        # @raise [ArgumentError] where the id can't be one
        def modify(id:, parameters: {})
          ask(:post, path("vector_stores", id: id), parameters: parameters)
        end

        # @param id [String]
        # @return [Hash] empty where the server answers with nothing
        # @raise [ArgumentError] where the id can't be one
        def delete(id:)
          ask(:delete, path("vector_stores", id: id))
        end

        # @param id [String]
        # @param parameters [Hash] `query:`, `max_num_results:`, `filters:`, `ranking_options:`, `rewrite_query:`
        # @return [Hash] the page, with what was found in `"data"`
        # @raise [ArgumentError] where the id can't be one
        def search(id:, parameters: {})
          ask(:post, path("vector_stores", { id: id }, "search"), parameters: parameters)
        end
      end
    end
  end
end
