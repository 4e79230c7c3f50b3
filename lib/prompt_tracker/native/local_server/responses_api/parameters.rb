# frozen_string_literal: true

require_relative "../allowed"
require_relative "dialog"
require_relative "parts"

module PromptTracker
  module Native
    class LocalServer
      module ResponsesApi
        # The bodies that each creating or changing request may have.
        # @private
        module Parameters
          def self.rule(...) = Allowed.rule(...)

          EFFORTS = %w[none minimal low medium high xhigh].freeze
          REASONING = Rules.new(
            effort: rule(:string, only: EFFORTS), summary: rule(:string, only: %w[auto concise detailed]),
            generate_summary: rule(:string), context: rule(:string), mode: rule(:string)
          )
          TEXT = Rules.new(format: rule(:object, within: Parts::Format),
                           verbosity: rule(:string, only: %w[low medium high]))
          METADATA = { metadata: rule(:object) }.freeze

          RESPONSE = Rules.new(
            model: rule(:string, required: true), input: rule(:string, :array, within: Allowed::ANYTHING),
            instructions: rule(:string), stream: rule(:boolean), stream_options: rule(:object),
            background: rule(:boolean), store: rule(:boolean), previous_response_id: rule(:string),
            conversation: rule(:string, :object, within: Parts::Conversation), include: rule(:array),
            tools: rule(:array, longest: 128, within: Parts::Tool), tool_choice: rule(:string, :object),
            parallel_tool_calls: rule(:boolean), max_tool_calls: rule(:integer, least: 1),
            max_output_tokens: rule(:integer, least: 16), temperature: rule(:number, least: 0, most: 2),
            top_p: rule(:number, least: 0, most: 1), top_logprobs: rule(:integer, least: 0, most: 20),
            reasoning: rule(:object, within: REASONING), text: rule(:object, within: TEXT),
            truncation: rule(:string, only: %w[auto disabled]), user: rule(:string),
            safety_identifier: rule(:string, longest: 64), service_tier: rule(:string), prompt: rule(:object),
            prompt_cache_key: rule(:string), prompt_cache_retention: rule(:string), prompt_cache_options: rule(:object),
            context_management: rule(:array), moderation: rule(:object), **METADATA
          )

          ITEMS = { items: rule(:array, longest: Dialog::MOST_ADDED, within: Allowed::ANYTHING) }.freeze
          CONVERSATION = Rules.new(**ITEMS, **METADATA)
          CONVERSATION_CHANGE = Rules.new(metadata: rule(:object, required: true))
          MORE_ITEMS = Rules.new(items: ITEMS[:items].dup.tap { |items| items.required = true })
        end
      end
    end
  end
end
