# frozen_string_literal: true

require_relative "../allowed"
require_relative "../passages"
require_relative "../vector_store"
require_relative "endpoint"

module PromptTracker
  module Native
    class LocalServer
      module Endpoints
        # /vector_stores, their files and their batches of files
        # @private
        class VectorStores < Endpoint
          # What a file is put in with.
          FILE_FIELDS = { "attributes" => :attributes, "chunking_strategy" => :chunking_strategy }.freeze

          def create
            fields = body(Allowed::VECTOR_STORE)
            vector_store = VectorStore.new(new_id("vs"), fields)
            (fields["file_ids"] || []).each { |id| vector_store.add(entry(vector_store, id, fields)) }
            store.vector_stores[vector_store.id] = vector_store
            created(vector_store)
          end

          def list = page(store.vector_stores.values.map(&:advance))

          def retrieve(id) = shown(find(id))

          def modify(id)
            vector_store = find(id)
            vector_store.modify(body(Allowed::VECTOR_STORE_CHANGE))
            shown(vector_store)
          end

          def delete(id)
            find(id)
            store.vector_stores.delete(id)
            deleted(id, "vector_store")
          end

          def search(id)
            fields = body(Allowed::VECTOR_STORE_SEARCH)
            Answer.new(Passages.new(store.files, find(id).entries.values, fields).to_h)
          end

          def add_file(id)
            vector_store = find(id)
            fields = body(Allowed::VECTOR_STORE_FILE)
            created(vector_store.add(entry(vector_store, fields["file_id"], fields)))
          end

          def list_files(id) = filtered(find(id).entries.values)

          def retrieve_file(id, file_id) = shown(entry_of(find(id), file_id))

          def delete_file(id, file_id)
            vector_store = find(id)
            entry_of(vector_store, file_id)
            vector_store.entries.delete(file_id)
            deleted(file_id, "vector_store.file")
          end

          def add_batch(id)
            vector_store = find(id)
            fields = body(Allowed::VECTOR_STORE_BATCH)
            entries = fields["file_ids"].map { |file_id| entry(vector_store, file_id, fields) }
            entries.each { |entry| vector_store.add(entry) }
            created(vector_store.add_batch(VectorStore::Batch.new(new_id("vsfb"), id, entries)))
          end

          def retrieve_batch(id, batch_id) = shown(batch(find(id), batch_id))

          # Only files that were never looked at are still to be stopped.
          def cancel_batch(id, batch_id)
            batch = batch(store.vector_store(id), batch_id)
            batch.cancel
            shown(batch)
          end

          def list_batch(id, batch_id) = filtered(batch(find(id), batch_id).entries)

          private

          def find(id) = store.vector_store(id).advance

          def entry(vector_store, file_id, fields)
            more = FILE_FIELDS.filter_map { |name, keyword| [keyword, fields[name]] if fields[name] }.to_h
            VectorStore::Entry.new(store.file(file_id, param: "file_id"), vector_store.id, **more)
          end

          def entry_of(vector_store, file_id)
            vector_store.entries.fetch(file_id) { raise ApiError.not_found("file", file_id) }
          end

          def batch(vector_store, id)
            vector_store.batches.fetch(id) { raise ApiError.not_found("file batch", id) }
          end

          def filtered(entries)
            filter = request.query["filter"]
            if filter && !VectorStore::STATUSES.include?(filter)
              raise ApiError.invalid_value("filter", filter, VectorStore::STATUSES)
            end

            page(filter ? entries.select { |entry| entry.status == filter } : entries)
          end
        end
      end
    end
  end
end
