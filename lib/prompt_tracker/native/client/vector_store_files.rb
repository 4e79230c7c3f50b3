# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # `/vector_stores/…/files`: the files of a vector store, by the ids that they have under `/files`.
      class VectorStoreFiles < VectorStoreResource
        # @param vector_store_id [String]
        # @param parameters [Hash] `limit:`, `order:`, `after:`, `before:`, `filter:`
        # @return [Hash] the list, with the files in `"data"`
        # @raise [ArgumentError] where the id can't be one
        def list(vector_store_id:, parameters: {})
          ask(:get, files(vector_store_id), query: parameters)
        end

        # @param vector_store_id [String]
        # @param id [String]
        # @return [Hash] the file as that store has it
        # @raise [ArgumentError] where an id can't be one
        # @example
        #   client.vector_store_files.retrieve(vector_store_id: store, id: file)["status"] # => "completed"
        def retrieve(vector_store_id:, id:)
          ask(:get, files(vector_store_id) + path(id: id))
        end

        # @param vector_store_id [String]
        # @param parameters [Hash] `file_id:`, `attributes:`, `chunking_strategy:`
        # @return [Hash] the file as that store has it
        # @raise [ArgumentError] where the id can't be one
        def create(vector_store_id:, parameters: {})
          ask(:post, files(vector_store_id), parameters: parameters)
        end

        # Takes a file out of the store. The file itself stays.
        #
        # @param vector_store_id [String]
        # @param id [String]
        # @return [Hash] empty where the server answers with nothing
        # @raise [ArgumentError] where an id can't be one
        def delete(vector_store_id:, id:)
          ask(:delete, files(vector_store_id) + path(id: id))
        end

        private

        def files(vector_store_id)
          path("vector_stores", { vector_store_id: vector_store_id }, "files")
        end
      end
    end
  end
end
