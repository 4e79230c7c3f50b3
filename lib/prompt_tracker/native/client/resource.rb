# frozen_string_literal: true

require_relative "paths"
require_relative "wire"

module PromptTracker
  module Native
    class Client
      # What the resources of the Assistants API share. Every id is checked before anything is sent: one that isn't
      # a String of letters, digits and `- . _ ~` is an ArgumentError that names the argument.
      #
      # Where definitions of assistants are known here, the same verbs are served on the Conversations and Responses
      # APIs: docs/classic_verbs.md says when, and how.
      class Resource
        include Paths

        # The version of the Assistants API, sent as `OpenAI-Beta: assistants=v2`.
        BETA_VERSION = "v2"
        # What servers say where a path, or the thing that it names, isn't there.
        GONE = [404, 410].freeze

        private_constant :GONE

        # @param client [Client]
        def initialize(client:)
          @plain = client
          @client = client.beta(assistants: BETA_VERSION)
        end

        # @return [String]
        def inspect
          "#<#{self.class} #{@client.uri_base}>"
        end

        private

        # One request to the Assistants API.
        def ask(method, path, assistant_id: nil, **more)
          @client.object(method, path, **more)
        rescue HTTPError => e
          raise advised(e, assistant_id)
        end

        # At OpenAI and Azure "not found" means that the whole API is gone, which the server doesn't say.
        def advised(error, assistant_id)
          return error unless GONE.include?(error.status) && Shutdown.hosts?(@client.uri_base)

          advice = if assistant_id.nil? || Definitions.find(assistant_id)
                     "OpenAI shut the Assistants API down on #{Shutdown::DATE}, and did not carry threads over. " \
                       "Where definitions of assistants are known here, new threads are made as conversations, and " \
                       "OpenaiAssistantService.import_thread makes one of messages that were kept"
                   else
                     Shutdown.advice(assistant_id, @client.uri_base)
                   end
          error.exception("#{error.message}. #{advice}")
        end

        # The same verbs on Conversations and Responses.
        def classic
          @classic ||= Classic.verbs(self.class, @plain)
        end

        def on_conversations?(thread_id)
          Wire.thread?(@plain, thread_id)
        end

        def named(parameters, name)
          parameters.respond_to?(:to_hash) ? parameters.to_hash.then { |hash| hash[name] || hash[name.to_s] } : nil
        end
      end
    end
  end
end
