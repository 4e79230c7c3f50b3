# frozen_string_literal: true

# As docs/rails.md has it.
if ENV["PTN_APP_DECORATES"]
  Rails.application.config.to_prepare do
    service = defined?(PromptTracker::LlmClients) ? "PromptTracker::LlmClients" : "PromptTracker"
    service = "#{service}::OpenaiAssistantService".constantize
    service.prepend(Counting)
    service.singleton_class.prepend(Counting::Calls)
  end
end
