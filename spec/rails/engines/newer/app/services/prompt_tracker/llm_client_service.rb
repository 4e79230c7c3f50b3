# frozen_string_literal: true

module PromptTracker
  # The engine's own, with a keyword that the first generation's has not: the gem leaves it alone.
  class LlmClientService
    ApiError = Class.new(StandardError)

    class << self
      def call(provider:, api:, model:, prompt:, temperature: 0.7, **options)
        return assistant(prompt, options) if api == "assistants"

        said(model, prompt, temperature: temperature, provider: provider)
      end

      def call_with_schema(provider:, model:, prompt:, schema:, api: nil, **)
        said(model, prompt, schema: schema, provider: provider, api: api)
      end

      private

      def assistant(prompt, options)
        answer = LlmClients::OpenaiAssistantService.call(assistant_id: options.fetch(:assistant_id),
                                                         user_message: prompt)
        { text: answer.text, usage: answer.usage, model: answer.model, raw: answer }
      end

      def said(model, prompt, **more)
        { text: LlmClients::RubyLlmService.call(model: model, prompt: prompt), usage: {}, model: model, raw: more }
      end
    end
  end
end
