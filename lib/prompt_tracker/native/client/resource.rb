# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # What the resources of the Assistants API share. Every id is checked before anything is sent: one that isn't
      # a String of letters, digits and `- . _ ~` is an ArgumentError that names the argument.
      class Resource
        # The version of the Assistants API, sent as `OpenAI-Beta: assistants=v2`.
        BETA_VERSION = "v2"

        # @param client [Client]
        def initialize(client:)
          @client = client.beta(assistants: BETA_VERSION)
        end

        private

        # @param parts [Array<String, Hash{Symbol => Object}>] texts as they are, and ids by their arguments' names
        def path(*parts)
          parts.map do |part|
            part.is_a?(Hash) ? part.map { |name, id| "/#{Query.id(name, id)}" }.join : "/#{part}"
          end.join
        end
      end
    end
  end
end
