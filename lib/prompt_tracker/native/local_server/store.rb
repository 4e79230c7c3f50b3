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
        # @return [Hash{String => ResponsesApi::Response}] by id, in order of creation, also those that no request finds
        attr_reader :responses
        # @return [Hash{String => ResponsesApi::Dialog}] the Conversations API's, by id
        attr_reader :dialogs
        # @return [Hash{String => StoredFile}] by id, in order of creation
        attr_reader :files
        # @return [Hash{String => VectorStore}] by id, in order of creation
        attr_reader :vector_stores
        # @return [Hash{String => Array(Script, String)}] the script and the name of function calls that await their
        #   outputs in a later request, by call id
        attr_reader :calls

        # @param most [Integer, nil] so many threads, responses and conversations are kept, the newest; nil: all
        def initialize(most: nil)
          @most = most
          clear
        end

        def clear
          @assistants = {}
          @conversations = {}
          @responses = {}
          @dialogs = {}
          @files = {}
          @vector_stores = {}
          @calls = {}
        end

        # @return [Conversation]
        def add(conversation) = keep(@conversations, conversation.id, conversation)

        # @return [ResponsesApi::Response]
        def add_response(response) = keep(@responses, response.id, response)

        # @return [ResponsesApi::Dialog]
        def add_dialog(dialog) = keep(@dialogs, dialog.id, dialog)

        # @param script [Script] whose call it is
        # @param name [String] of the function
        def remember_call(id, script, name) = keep(@calls, id, [script, name])

        # @raise [ApiError] 404
        def conversation(id)
          @conversations.fetch(id) { raise ApiError.not_found("thread", id) }
        end

        # @raise [ApiError] 404
        def dialog(id)
          @dialogs.fetch(id) { raise ApiError.conversation_not_found(id) }
        end

        # @return [StoredFile]
        # @raise [ApiError] 404
        def file(id, param: "id")
          @files.fetch(id) { raise ApiError.file_not_found(id, param) }
        end

        # @return [VectorStore]
        # @raise [ApiError] 404
        def vector_store(id)
          @vector_stores.fetch(id) { raise ApiError.not_found("vector store", id) }
        end

        # @return [ResponsesApi::Item] from any conversation or response
        # @raise [ApiError] 404
        def item(id)
          @dialogs.each_value { |dialog| dialog.items.key?(id) and return dialog.items[id] }
          @responses.each_value do |response|
            item = (response.input + response.output).find { |one| one.id == id }
            return item if item
          end
          raise ApiError.item_not_found(id)
        end

        private

        def keep(records, id, record)
          records[id] = record
          records.shift if @most && records.size > @most
          record
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
