# frozen_string_literal: true

module PromptTracker
  # Asks as an app's jobs do: reads the text, and looks into what the answer was made of.
  class AskJob < ActiveJob::Base
    SCHEMA = { type: "object", properties: { score: { type: "integer" } }, required: ["score"] }.freeze

    cattr_accessor :results, default: []

    def perform(assistant_id, prompt)
      told = LlmClientService.call(provider: "openai", api: "assistants", model: "gpt-4o", prompt: prompt,
                                   assistant_id: assistant_id)
      judged = LlmClientService.call_with_schema(provider: "openai", model: "gpt-4o", prompt: prompt, schema: SCHEMA)
      results << { told: told[:text], thread_id: told[:raw].thread_id, judged: judged[:text], raw: judged[:raw].keys }
    end
  end
end
