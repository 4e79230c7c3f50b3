# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # `/vector_stores/…/file_batches`: many files that go into a vector store together.
      class VectorStoreFileBatches < VectorStoreResource
        # @param vector_store_id [String]
        # @param id [String]
        # @param parameters [Hash] `limit:`, `order:`, `after:`, `before:`, `filter:`
        # @return [Hash] the list, with the batch's files in `"data"`
        # @raise [ArgumentError] where an id can't be one
        def list(vector_store_id:, id:, parameters: {})
          ask(:get, "#{batch(vector_store_id, id)}/files", query: parameters)
        end

        # @param vector_store_id [String]
        # @param id [String]
        # @return [Hash] the batch
        # @raise [ArgumentError] where an id can't be one
        def retrieve(vector_store_id:, id:)
          ask(:get, batch(vector_store_id, id))
        end

        # @param vector_store_id [String]
        # @param parameters [Hash] `file_ids:`, `attributes:`, `chunking_strategy:`
        # @return [Hash] the batch
        # @raise [ArgumentError] where the id can't be one
        # @example
        #   client.vector_store_file_batches.create(vector_store_id: store, parameters: { file_ids: ids })["status"]
        def create(vector_store_id:, parameters: {})
          ask(:post, path("vector_stores", { vector_store_id: vector_store_id }, "file_batches"),
              parameters: parameters)
        end

        # @param vector_store_id [String]
        # @param id [String]
        # @return [Hash] the batch
        # @raise [ArgumentError] where an id can't be one
        def cancel(vector_store_id:, id:)
          ask(:post, "#{batch(vector_store_id, id)}/cancel")
        end

        private

        def batch(vector_store_id, id)
          path("vector_stores", { vector_store_id: vector_store_id }, "file_batches", { id: id })
        end
      end
    end
  end
end
