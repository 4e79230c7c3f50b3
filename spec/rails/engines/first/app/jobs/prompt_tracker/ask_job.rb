# frozen_string_literal: true

module PromptTracker
  # Asks as an app's jobs do: reads the text, and looks into what the answer was made of.
  class AskJob < ActiveJob::Base
    SCHEMA = { type: "object", properties: { score: { type: "integer" } }, required: ["score"],
               additionalProperties: false }.freeze

    cattr_accessor :results, default: []

    def perform(assistant_id, prompt)
      told = LlmClientService.call(provider: "openai_assistants", model: assistant_id, prompt: prompt)
      chat = LlmClientService.call(provider: "openai", model: "gpt-4o", prompt: prompt, max_tokens: 20)
      judged = LlmClientService.call_with_schema(provider: "openai", model: "gpt-4o", prompt: prompt, schema: SCHEMA)
      results << { told: told[:text], thread_id: told[:raw][:thread_id], chat: chat[:text], raw: chat[:raw]["object"],
                   judged: judged[:text] }
    end
  end
end
