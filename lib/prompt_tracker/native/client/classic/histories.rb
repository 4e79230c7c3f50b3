# frozen_string_literal: true

require "securerandom"

module PromptTracker
  module Native
    class Client
      module Classic
        # The threads that are held here, for servers that keep none. Those that were used longest ago are forgotten.
        class Histories
          PREFIX = "conv_local_"
          # How many, and how much all of them may hold.
          MOST_THREADS = 1000
          MOST_BYTES = 64 << 20

          private_constant :PREFIX

          # A held thread.
          Held = Struct.new(:conversation, :history)

          def initialize
            @held = {}
            @lock = Mutex.new
          end

          # @return [Boolean] is it such a thread's id, known here or not?
          def id?(id)
            id.start_with?(PREFIX)
          end

          # @return [Hash] the new thread, as a conversation
          def create(metadata)
            conversation = { "id" => "#{PREFIX}#{SecureRandom.hex(16)}", "object" => "conversation",
                             "created_at" => Time.now.to_i, "metadata" => metadata }
            @lock.synchronize { @held[conversation["id"]] = Held.new(conversation, History.new) }
            prune
            conversation
          end

          # @return [Held]
          # @raise [HTTPError] 404
          def find(id)
            @lock.synchronize do
              held = @held.delete(id) or raise Classic.not_found(gone(id))
              @held[id] = held
            end
          end

          # @return [Held, nil]
          def delete(id)
            @lock.synchronize { @held.delete(id) }
          end

          # Keeps within the bounds; of one thread at least.
          def prune
            @lock.synchronize do
              bytes = @held.each_value.sum { |held| held.history.bytes }
              while @held.size > 1 && (@held.size > MOST_THREADS || bytes > MOST_BYTES)
                bytes -= @held.shift.last.history.bytes
              end
            end
          end

          private

          def gone(id)
            "No thread found with id '#{id}'. Its server keeps no conversations, so it was held by the process that " \
              "made it, which keeps the newest #{MOST_THREADS} and at most #{MOST_BYTES >> 20} MiB of them."
          end
        end
      end
    end
  end
end
