# frozen_string_literal: true

require "stringio"
require "uri"
require_relative "../local_server"

module PromptTracker
  module Native
    module RSpecHelpers
      # A {LocalServer} that is called instead of connected to, and knows every thread, conversation and response that
      # anyone names.
      #
      # @private
      class MemoryServer < LocalServer
        # Makes what it is asked for.
        class OpenStore < Store
          def conversation(id)
            conversations[id] || add(LocalServer::Conversation.new(id))
          end

          def dialog(id)
            dialogs[id] || add_dialog(LocalServer::ResponsesApi::Dialog.new(id))
          end
        end
        private_constant :OpenStore

        def initialize
          super(keyless: true, record: false)
          @store = OpenStore.new
        end

        # @yieldparam server [MemoryServer] lines up what is to happen; a request that was refused leaves nothing behind
        # @return [Interception::Answer]
        def serve(call, &script)
          @scripts.clear
          script&.call(self)
          read(call.verb, call.path, call.headers, body_of(call))
        end

        private

        # A response that nobody has seen here is gone on from as from nothing.
        def body_of(call)
          previous = call.body["previous_response_id"]
          return call.json if previous.nil? || @store.responses.key?(previous)

          JSON.generate(call.body.except("previous_response_id"))
        end

        def read(verb, path, headers, body)
          text = String.new
          status, answered, parts = call(environment(verb, path, headers, body))
          parts.each { |part| text << part.b }
          Interception::Answer.new(status: status, headers: answered, body: text)
        rescue Clock::Hangup
          Interception::Answer.new(status: status.to_i, headers: answered.to_h, body: text, ending: :lost)
        end

        def environment(verb, path, headers, body)
          path, query = path.split("?", 2)
          sent = headers.to_h { |name, value| ["HTTP_#{name.upcase.tr("-", "_")}", value] }
          { "REQUEST_METHOD" => verb, "PATH_INFO" => path, "QUERY_STRING" => query.to_s,
            "rack.input" => StringIO.new(body.b), **sent, "CONTENT_TYPE" => sent.delete("HTTP_CONTENT_TYPE") }.compact
        end
      end
    end
  end
end
