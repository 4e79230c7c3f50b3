# frozen_string_literal: true

require "securerandom"

module PromptTracker
  module Native
    class LocalServer
      # All that the server remembers. Used inside {Clock#synchronize}.
      # @private
      class Store
        # @return [Hash{String => Assistant}] by id, in order of creation
        attr_reader :assistants
        # @return [Hash{String => Conversation}] by id, in order of creation
        attr_reader :conversations
        # @return [Hash{String => Script}] chat's tool calls that await their outputs, by call id
        attr_reader :chat_calls

        # @param most [Integer, nil] so many threads are kept, the newest; nil: all
        def initialize(most: nil)
          @most = most
          clear
        end

        def clear
          @assistants = {}
          @conversations = {}
          @chat_calls = {}
        end

        # @return [Conversation]
        def add(conversation)
          @conversations[conversation.id] = conversation
          @conversations.shift if @most && @conversations.size > @most
          conversation
        end

        # @raise [ApiError] 404
        def conversation(id)
          @conversations.fetch(id) { raise ApiError.not_found("thread", id) }
        end
      end

      # Makes ids as OpenAI does, or bare UUIDs.
      # @private
      class Ids
        def initialize(bare:)
          @bare = bare
        end

        # @param prefix [String] "thread", "run" …
        def call(prefix) = @bare ? SecureRandom.uuid : "#{prefix}_#{SecureRandom.alphanumeric(24)}"
      end
    end
  end
end
