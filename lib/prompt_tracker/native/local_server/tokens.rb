# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # Plausible token counts: about one for four characters, as in English text.
      # @private
      module Tokens
        # What a message costs beside its text.
        OVERHEAD = 4

        def self.count(text) = (text.length / 4.0).ceil

        # @param prompts [Array<String>]
        # @param answers [Array<String>]
        # @return [Hash{String => Integer}]
        def self.usage(prompts, answers)
          prompt = prompts.sum { |text| count(text) + OVERHEAD }
          completion = answers.sum { |text| count(text) }
          { "prompt_tokens" => prompt, "completion_tokens" => completion, "total_tokens" => prompt + completion }
        end
      end
    end
  end
end
