# frozen_string_literal: true

require "json"

module PromptTracker
  module Native
    module RSpecHelpers
      # A request, as far as it is of interest here: what it is about, which assistant it asks, and what.
      #
      # @private
      class ApiCall
        # The paths that stubbed assistants serve, wherever the base URL puts them.
        PATH = %r{/(?:threads|conversations|responses)(?:[/?].*)?\z}
        MESSAGES = %r{\A/v1/threads/([^/?]+)/messages\z}
        RUNS = %r{\A/v1/threads/(?:([^/?]+)/)?runs\z}
        OUTPUTS = %r{/runs/([^/?]+)/submit_tool_outputs\z}
        RESPONSES = "/v1/responses"
        private_constant :PATH, :MESSAGES, :RUNS, :OUTPUTS, :RESPONSES

        # @return [String] with its /v1
        attr_reader :path
        # @return [Hash] the parsed body; {} where there is none
        attr_reader :body

        # @param request [Interception::Request]
        # @return [ApiCall, nil] nil for a request that has nothing to do with assistants
        def self.of(request)
          path = request.url[PATH]
          new(request, "/v1#{path}") if path
        end

        def initialize(request, path)
          @request = request
          @path = path
          parsed = request.body ? JSON.parse(request.body) : {}
          @body = parsed.is_a?(Hash) ? parsed : {}
        rescue JSON::ParserError
          @body = {}
        end

        def verb = @request.verb

        def headers = @request.headers

        # @return [String]
        def json = @request.body.to_s

        # @return [Boolean] does it ask an assistant?
        def asks? = post? && (path.match?(RUNS) || (path == RESPONSES && outputs.empty?))

        # @return [Boolean] does it bring what a function returned?
        def outputs? = outputs.any?

        # @return [Array<String>] what it brings outputs for: the id of a run, or of function calls
        def outputs
          return [] unless post?
          return [path[OUTPUTS, 1]] if path.match?(OUTPUTS)
          return [] unless path == RESPONSES

          items.select { |item| item["type"] == "function_call_output" }.filter_map { |item| item["call_id"] }
        end

        # @return [String, nil] of the assistant that it asks
        # @param known [Array<String>] those that a response without a name is looked for among
        def assistant_id(known)
          body["assistant_id"] || @request.assistant_id || known.find { |id| made_from?(Definitions.find(id)) }
        end

        # @return [Array(String, Object), nil] which thread it adds a message of the user to, and that message's content
        def message
          thread = post? && path[MESSAGES, 1]
          [thread, body["content"]] if thread && body.fetch("role", "user") == "user"
        end

        # @return [String, nil] the thread that it runs in
        def thread_id = path[RUNS, 1]

        # @return [Object] the content of the user's message in it, or nil
        def content
          return body["input"] if body["input"].is_a?(String)

          messages = path == RESPONSES ? items : body.dig("thread", "messages") || body["additional_messages"] || []
          messages = messages.select { |message| message["role"] == "user" }
          (@request.assistant_id || path != RESPONSES ? messages.first : messages.last)&.fetch("content", nil)
        end

        private

        def post? = verb == "POST"

        def items = body["input"].is_a?(Array) ? body["input"].grep(Hash) : []

        # Code that drives the classic verbs by hand names no assistant on the Responses wire.
        def made_from?(definition)
          return false unless definition && path == RESPONSES

          made = definition.request
          made[:model] == body["model"] && made[:instructions] == body["instructions"]
        end
      end
    end
  end
end
