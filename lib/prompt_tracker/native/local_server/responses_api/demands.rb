# frozen_string_literal: true

require_relative "../api_error"

module PromptTracker
  module Native
    class LocalServer
      module ResponsesApi
        # What must hold between the parameters of a request for a response, beyond {Parameters}.
        # @private
        class Demands
          INCLUDED = %w[
            file_search_call.results web_search_call.results web_search_call.action.sources
            message.input_image.image_url computer_call_output.output.image_url code_interpreter_call.outputs
            reasoning.encrypted_content message.output_text.logprobs
          ].freeze
          CHOICES = %w[none auto required].freeze

          # @param params [Hash]
          # @param strict [Boolean] are models that the server does not list refused?
          def initialize(params, quirks, strict:)
            @params = params
            @quirks = quirks
            @strict = strict
          end

          # @raise [ApiError] 400
          def check
            check_model
            check_origin
            check_background
            check_include
            check_tool_choice
          end

          private

          def check_model
            model = @params["model"]
            if @strict && !Endpoints::Models::NAMES.include?(model)
              raise ApiError.new("The requested model '#{model}' does not exist.",
                                 param: "model", code: "model_not_found")
            end

            refused = if model.match?(Endpoints::Chat::REASONING)
                        %w[temperature top_p].find { |name| !@params[name].nil? }
                      elsif @params.dig("reasoning", "effort")
                        "reasoning.effort"
                      end
            raise ApiError.unsupported_parameter(refused) if refused
          end

          def check_origin
            previous, conversation, input, prompt = @params.values_at("previous_response_id", "conversation", "input",
                                                                      "prompt")
            raise ApiError.unknown_parameter("conversation") if conversation && @quirks.on?(:no_conversations)
            raise ApiError.exclusive_parameters("previous_response_id", "conversation") if previous && conversation
            return unless (input.nil? || input.empty?) && !(previous || conversation || prompt)

            raise ApiError.new("One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be " \
                               "provided.", param: "input", code: "missing_required_parameter")
          end

          def check_background
            return unless @params["background"]

            raise ApiError.unsupported_parameter("background") if @quirks.on?(:no_store)
            return unless @params["store"] == false

            raise ApiError.new("Background mode requires 'store' to be true.", param: "background")
          end

          def check_include
            (@params["include"] || []).each_with_index do |name, index|
              raise ApiError.invalid_value("include[#{index}]", name, INCLUDED) unless INCLUDED.include?(name)
            end
          end

          def check_tool_choice
            case choice = @params["tool_choice"]
            when String
              raise ApiError.invalid_value("tool_choice", choice, CHOICES) unless CHOICES.include?(choice)
            when Hash then check_chosen(choice)
            end
          end

          def check_chosen(choice)
            raise ApiError.missing_parameter("tool_choice.type") if choice["type"].nil?
            return unless choice["type"] == "function"

            name = choice["name"] || raise(ApiError.missing_parameter("tool_choice.name"))
            tools = @params["tools"] || []
            return if tools.any? { |tool| tool["type"] == "function" && tool["name"] == name }

            raise ApiError.new("Tool choice 'function' not found in 'tools' parameter.", param: "tool_choice")
          end
        end
      end
    end
  end
end
