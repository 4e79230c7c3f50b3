# frozen_string_literal: true

module PromptTracker
  module LlmResponseNormalizers
    module Openai
      class Assistants < Base
        COUNTS = %i[prompt_tokens completion_tokens total_tokens].freeze

        def normalize
          NormalizedLlmResponse.new(
            text: raw_response[:content], usage: COUNTS.to_h { |name| [name, raw_response[:usage][name.to_s] || 0] },
            model: raw_response[:assistant_id], tool_calls: calls("function"),
            file_search_results: calls("file_search").flat_map { |call| call["file_search"]["results"] || [] },
            api_metadata: raw_response.slice(:thread_id, :run_id, :annotations, :run_steps), raw_response: raw_response
          )
        end

        private

        def calls(type)
          steps = raw_response[:run_steps]["data"] || []
          steps.flat_map { |step| step.dig("step_details", "tool_calls") || [] }.select { |call| call["type"] == type }
        end
      end
    end
  end
end
