# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # `/responses`. Each call gives the object that the server answers with, a Hash with Strings as keys, and raises
      # {Error} or one of its subclasses where that fails. Every id is checked before anything is sent.
      class Responses
        include Paths

        # @param client [Client]
        def initialize(client:)
          @client = client
        end

        # @param parameters [Hash] `model:`, `input:`, `instructions:`, `stream:` …
        # @return [Hash, String] the response, or "" where it was streamed (see {Client})
        # @raise [ArgumentError] where a text isn't valid UTF-8, or `stream:` can't be called
        # @example
        #   client.responses.create(parameters: { model: "gpt-4o", input: "Hello!" })["id"] # => "resp_…"
        # @example Streamed
        #   shown = ->(data, event) { print data["delta"] if event == "response.output_text.delta" }
        #   client.responses.create(parameters: { model: "gpt-4o", input: "Hello!", stream: shown })
        def create(parameters: {})
          @client.object(:post, path("responses"), parameters: parameters)
        end

        # @param response_id [String]
        # @return [Hash] the response
        # @raise [ArgumentError] where the id can't be one
        def retrieve(response_id:)
          @client.object(:get, path("responses", response_id: response_id))
        end

        # @param response_id [String]
        # @return [Hash] empty where the server answers with nothing
        # @raise [ArgumentError] where the id can't be one
        def delete(response_id:)
          @client.object(:delete, path("responses", response_id: response_id))
        end

        # Cancels a response that runs in the background. ruby-openai has no such method.
        #
        # @param response_id [String]
        # @return [Hash] the response
        # @raise [ArgumentError] where the id can't be one
        def cancel(response_id:)
          @client.object(:post, path("responses", { response_id: response_id }, "cancel"))
        end

        # @param response_id [String]
        # @param parameters [Hash] `limit:`, `order:`, `after:`, `include:`
        # @return [Hash] the list, with the items in `"data"`
        # @raise [ArgumentError] where the id can't be one
        def input_items(response_id:, parameters: {})
          @client.object(:get, path("responses", { response_id: response_id }, "input_items"), query: parameters)
        end
      end
    end
  end
end
