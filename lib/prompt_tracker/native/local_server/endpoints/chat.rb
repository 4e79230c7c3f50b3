# frozen_string_literal: true

require_relative "../chat_completion"
require_relative "../event_stream"
require_relative "endpoint"
require_relative "models"

module PromptTracker
  module Native
    class LocalServer
      module Endpoints
        # /chat/completions
        # @private
        class Chat < Endpoint
          # Models that refuse max_tokens and every temperature but the default.
          REASONING = /\A(o\d|gpt-5)/
          ROLES = %w[system developer user assistant tool function].freeze

          def create
            params = request.object
            check(params)
            completion = ChatCompletion.new(params, script(params["messages"]), context)
            remember_calls(completion)
            return failed(completion) if quirks.on?(:failed_200)
            return stream(completion) if params["stream"] == true && !quirks.on?(:json_for_stream)

            completion.wait
            Answer.new(completion.to_h)
          end

          private

          def stream(completion)
            Answer.new(EventStream.new(completion, context, breaks: context.next_break))
          end

          def failed(completion)
            error = { "message" => "The completion failed.", "type" => "server_error", "param" => nil, "code" => nil }
            Answer.new({ "id" => completion.id, "object" => "chat.completion", "status" => "failed", "error" => error })
          end

          # Outputs of tool calls go to the script that made the calls; anything else takes the next in line.
          def script(messages)
            outputs = messages.reverse.take_while { |message| message["role"] == "tool" }.reverse
            context.script_after(outputs.to_h do |message|
              [message["tool_call_id"], ChatCompletion.text(message["content"])]
            end)
          end

          def remember_calls(completion)
            completion.calls.each do |call|
              store.remember_call(call["id"], completion.script, call.dig("function", "name"))
            end
          end

          def check(params)
            model = params["model"]
            unless model.is_a?(String) && !model.empty?
              raise ApiError.new("you must provide a model parameter", code: nil)
            end
            raise ApiError.model_not_found(model) if context.strict && !Models::NAMES.include?(model)

            check_messages(params["messages"])
            check_sampling(params) if model.match?(REASONING)
          end

          def check_messages(messages)
            raise ApiError.missing_parameter("messages") if messages.nil?
            raise ApiError.invalid_type("messages", "an array", messages) unless messages.is_a?(Array)
            raise empty_messages if messages.empty?

            messages.each_with_index do |message, index|
              raise ApiError.invalid_type("messages[#{index}]", "an object", message) unless message.is_a?(Hash)

              role = message["role"]
              raise ApiError.invalid_value("messages[#{index}].role", role, ROLES) unless ROLES.include?(role)
            end
          end

          def empty_messages
            ApiError.new("Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty " \
                         "array instead.", param: "messages", code: "empty_array")
          end

          def check_sampling(params)
            if params.key?("max_tokens")
              raise ApiError.new("Unsupported parameter: 'max_tokens' is not supported with this model. Use " \
                                 "'max_completion_tokens' instead.", param: "max_tokens", code: "unsupported_parameter")
            end
            return if [nil, 1].include?(params["temperature"])

            raise ApiError.new("Unsupported value: 'temperature' does not support #{params["temperature"]} with this " \
                               "model. Only the default (1) value is supported.",
                               param: "temperature", code: "unsupported_value")
          end
        end
      end
    end
  end
end
