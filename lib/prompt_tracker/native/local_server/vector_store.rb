# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # Files that can be searched. What is put in is `in_progress` in the answer to that request, and completed
      # whenever it is looked at later.
      # @private
      class VectorStore
        CHUNKING = { "type" => "static",
                     "static" => { "max_chunk_size_tokens" => 800, "chunk_overlap_tokens" => 400 } }.freeze
        STATUSES = %w[in_progress completed failed cancelled].freeze

        # How many of those records are in each state, and all together.
        def self.counts(entries)
          STATUSES.to_h { |status| [status, entries.count { |entry| entry.status == status }] }
                  .merge("total" => entries.size)
        end

        # A file in a store. Its id is the file's own.
        class Entry
          attr_reader :id, :attributes
          attr_accessor :status

          def initialize(file, store_id, attributes: {}, chunking_strategy: nil)
            @id = file.id
            @bytes = file.content.bytesize
            @store_id = store_id
            @attributes = attributes
            @chunking = chunking_strategy.nil? || chunking_strategy["type"] == "auto" ? CHUNKING : chunking_strategy
            @status = "in_progress"
            @created_at = Time.now.to_i
          end

          def advance = @status == "in_progress" && @status = "completed"

          def to_h
            { "id" => id, "object" => "vector_store.file", "usage_bytes" => status == "completed" ? @bytes : 0,
              "created_at" => @created_at, "vector_store_id" => @store_id, "status" => status, "last_error" => nil,
              "chunking_strategy" => @chunking, "attributes" => attributes }
          end
        end

        # Files that were put in together.
        class Batch
          attr_reader :id, :entries

          def initialize(id, store_id, entries)
            @id = id
            @store_id = store_id
            @entries = entries
            @created_at = Time.now.to_i
          end

          def cancel = entries.each { |entry| entry.status = "cancelled" if entry.status == "in_progress" }

          def status
            states = entries.map(&:status)
            %w[in_progress cancelled].find { |state| states.include?(state) } || "completed"
          end

          def to_h
            { "id" => id, "object" => "vector_store.files_batch", "created_at" => @created_at,
              "vector_store_id" => @store_id, "status" => status, "file_counts" => VectorStore.counts(entries) }
          end
        end

        attr_reader :id, :entries, :batches
        attr_accessor :name, :metadata, :expires_after

        def initialize(id, fields)
          @id = id
          @created_at = Time.now.to_i
          @entries = {}
          @batches = {}
          @metadata = {}
          modify(fields)
        end

        def modify(fields)
          @name = fields["name"] if fields.key?("name")
          @metadata = fields["metadata"] || {} if fields.key?("metadata")
          @expires_after = fields["expires_after"] if fields.key?("expires_after")
        end

        # @return [Entry]
        def add(entry) = @entries[entry.id] = entry

        # @return [Batch]
        def add_batch(batch) = @batches[batch.id] = batch

        # @return [self]
        def advance
          (entries.values + batches.each_value.flat_map(&:entries)).each(&:advance)
          self
        end

        def to_h
          counts = VectorStore.counts(entries.values)
          { "id" => id, "object" => "vector_store", "created_at" => @created_at, "name" => name,
            "usage_bytes" => entries.each_value.sum { |entry| entry.to_h["usage_bytes"] }, "file_counts" => counts,
            "status" => counts["in_progress"].zero? ? "completed" : "in_progress", "expires_after" => expires_after,
            "expires_at" => expires_after && (@created_at + (expires_after["days"].to_i * 86_400)),
            "last_active_at" => @created_at, "metadata" => metadata }
        end
      end
    end
  end
end
