# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      module ResponsesApi
        # What a response repeats of the request that made it, with OpenAI's defaults.
        # @private
        module Echo
          DEFAULTS = {
            "instructions" => nil, "max_output_tokens" => nil, "max_tool_calls" => nil, "model" => nil,
            "parallel_tool_calls" => true, "previous_response_id" => nil, "prompt_cache_key" => nil,
            "safety_identifier" => nil, "service_tier" => "default", "temperature" => 1.0, "tool_choice" => "auto",
            "top_logprobs" => 0, "top_p" => 1.0, "truncation" => "disabled", "metadata" => {}
          }.freeze
          FUNCTION = { "strict" => true, "description" => nil, "parameters" => nil }.freeze

          # @param params [Hash]
          # @return [Hash]
          def self.of(params)
            said = DEFAULTS.to_h { |name, default| [name, params[name].nil? ? default : params[name]] }
            said["user"] = params["user"] if params["user"]
            said.merge("reasoning" => { "effort" => nil, "summary" => nil }.merge(params["reasoning"] || {}),
                       "text" => text(params["text"] || {}), "tools" => tools(params["tools"] || []))
          end

          def self.text(text)
            format = text["format"] || { "type" => "text" }
            format = { "description" => nil, "strict" => false }.merge(format) if format["type"] == "json_schema"
            { "verbosity" => "medium" }.merge(text, "format" => format.compact)
          end
          private_class_method :text

          def self.tools(tools)
            tools.map { |tool| tool["type"] == "function" ? FUNCTION.merge(tool) : tool }
          end
          private_class_method :tools
        end
      end
    end
  end
end
