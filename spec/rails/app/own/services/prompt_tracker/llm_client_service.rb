# frozen_string_literal: true

module PromptTracker
  # The app's own.
  class LlmClientService
    ApiError = Class.new(StandardError)

    def self.call(provider:, model:, prompt:, temperature: 0.7, max_tokens: nil, **options)
      { text: "the app's own answer", usage: {}, model: model,
        raw: [provider, prompt, temperature, max_tokens, options] }
    end
  end
end
