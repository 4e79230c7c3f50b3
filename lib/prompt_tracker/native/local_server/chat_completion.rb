# frozen_string_literal: true

require_relative "api_error"
require_relative "frames"
require_relative "speaker"
require_relative "tokens"

module PromptTracker
  module Native
    class LocalServer
      # One answer of chat/completions, by its script: as one object, or as the source of an event stream.
      # @private
      class ChatCompletion
        FINISH = { "incomplete" => "length", "requires_action" => "tool_calls" }.freeze

        attr_reader :id, :script, :calls

        # @param content [String, Array, nil] of a message of a request
        # @return [String] its text
        def self.text(content)
          return content.to_s unless content.is_a?(Array)

          content.filter_map { |part| part["text"] if part.is_a?(Hash) }.join("\n\n")
        end

        # @param params [Hash] the request's body
        # @param script [Script]
        # @raise [ApiError] where the script makes it fail
        def initialize(params, script, context)
          @params = params
          @script = script
          @clock = context.clock
          @epoch = @clock.epoch
          @connection = context.connection
          @delay = script.delay || context.delay
          @id = context.ids.call("chatcmpl").tr("_", "-")
          @created = Time.now.to_i
          @calls = script.calls.map do |name, arguments|
            { "id" => context.ids.call("call"), "type" => "function",
              "function" => { "name" => name, "arguments" => arguments } }
          end
          @text = say unless calls.any?
        end

        # Waits as long as the script wants an answer to take.
        # @raise [ApiError] if the script says so
        # @raise [Clock::Hangup]
        def wait
          @clock.pause(@delay, @epoch) if @delay.positive?
          idle if script.stays?
          check_ending
        end

        # @return [Hash] the chat.completion object
        def to_h
          message = { "role" => "assistant", "content" => nil, "refusal" => nil, "annotations" => [], field => @text }
          message["tool_calls"] = calls if calls.any?
          choices = Array.new(number) do |index|
            { "index" => index, "message" => message, "logprobs" => nil, "finish_reason" => finish_reason }
          end
          { "id" => id, "object" => "chat.completion", "created" => @created, "model" => @params["model"],
            "choices" => choices, "usage" => usage, "service_tier" => "default", "system_fingerprint" => "fp_local" }
        end

        # Yields nil (chat's events have no names) and the data of each event.
        # @raise [Clock::Hangup]
        def each_event
          yield nil, chunk({ "role" => "assistant", "content" => calls.any? ? nil : "", "refusal" => nil })
          each_delta { |delta| yield nil, chunk(delta) }
          idle if script.stays?
          return yield(nil, { "error" => error.to_h }) if error

          yield nil, chunk({}, finish_reason)
          yield nil, chunk(nil).merge("usage" => usage) if usage_wanted?
          yield nil, Frames::DONE
        end

        private

        def each_delta
          started = @clock.now
          deltas.each_with_index do |delta, index|
            @clock.pause(started + (@delay * (index + 1) / deltas.size.to_f) - @clock.now, @epoch)
            yield delta
          end
        end

        def say
          asked = @params["messages"].reverse.find { |message| message["role"] == "user" } || {}
          prompt = self.class.text(asked["content"])
          texts = script.texts_for(prompt)
          return texts.last unless texts.empty?

          script.ending == "completed" ? Speaker.answer(prompt, @params["response_format"]) : ""
        end

        # Where the text is in a message.
        def field = script.refusal? ? "refusal" : "content"

        def number = [@params["n"].to_i, 1].max

        def finish_reason = FINISH.fetch(script.ending, "stop")

        # @return [ApiError, nil]
        def error
          return unless %w[failed cancelled expired].include?(script.ending)

          given = script.last_error || {}
          limited = given["code"] == "rate_limit_exceeded"
          ApiError.new(given["message"] || "The completion #{script.ending}.",
                       status: limited ? 429 : 500, type: "server_error", code: given["code"])
        end

        def check_ending = error && raise(error)

        def idle
          loop do
            raise Clock::Hangup, "the client has gone" if @connection.gone?

            @clock.wait(EventStream::LOOK, @epoch)
          end
        end

        def deltas
          @deltas ||= if calls.any?
                        calls.each_with_index.map { |call, index| { "tool_calls" => [call.merge("index" => index)] } }
                      else
                        (script.deltas || Speaker.deltas(@text)).map { |piece| { field => piece } }
                      end
        end

        # @param delta [Hash, nil] nil for a chunk without choices
        def chunk(delta, finish = nil)
          choices = Array.new(delta ? number : 0) do |index|
            { "index" => index, "delta" => delta, "logprobs" => nil, "finish_reason" => finish }
          end
          chunk = { "id" => id, "object" => "chat.completion.chunk", "created" => @created, "model" => @params["model"],
                    "service_tier" => "default", "system_fingerprint" => "fp_local", "choices" => choices }
          usage_wanted? ? chunk.merge("usage" => nil) : chunk
        end

        def usage_wanted? = @params.dig("stream_options", "include_usage") == true

        def usage
          return Tokens.for_runs(script.usage) unless script.usage == Script::COUNTED

          prompts = @params["messages"].map { |message| self.class.text(message["content"]) }
          Tokens.usage(prompts, [@text.to_s, *calls.map { |call| call["function"].values.join }])
        end
      end
    end
  end
end
