# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # Plausible token counts: about one for four characters, as in English text.
      # @private
      module Tokens
        # What a message costs beside its text.
        OVERHEAD = 4
        NAMES = [%w[prompt_tokens input_tokens], %w[completion_tokens output_tokens]].freeze
        DETAILS = {
          "input_tokens_details" => { "cached_tokens" => 0, "cache_write_tokens" => 0 },
          "output_tokens_details" => { "reasoning_tokens" => 0 }
        }.freeze

        def self.count(text) = (text.length / 4.0).ceil

        # @param prompts [Array<String>]
        # @param answers [Array<String>]
        # @return [Hash{String => Integer}]
        def self.usage(prompts, answers)
          prompt = prompts.sum { |text| count(text) + OVERHEAD }
          completion = answers.sum { |text| count(text) }
          { "prompt_tokens" => prompt, "completion_tokens" => completion, "total_tokens" => prompt + completion }
        end

        # @param usage [Hash, nil] with the names of either API
        # @return [Hash, nil] with those of the Responses API
        def self.for_responses(usage)
          return usage unless usage.is_a?(Hash) && NAMES.any? { |pair| pair.any? { |name| usage.key?(name) } }

          counts = NAMES.to_h { |classic, name| [name, usage[name] || usage[classic] || 0] }
          total = usage["total_tokens"] || counts.values.sum
          DETAILS.merge(usage.except(*NAMES.flatten), counts, "total_tokens" => total)
        end

        # @param usage [Hash, nil] with the names of either API
        # @return [Hash, nil] with those of the Assistants API and of chat
        def self.for_runs(usage)
          usage&.transform_keys { |name| NAMES.rassoc(name)&.first || name }
        end
      end
    end
  end
end
