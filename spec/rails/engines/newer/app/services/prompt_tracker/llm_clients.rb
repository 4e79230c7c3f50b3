# frozen_string_literal: true

module PromptTracker
  # The module that the gem's class is in, with something of its own.
  module LlmClients
    def self.names = %w[OpenaiAssistantService RubyLlmService]
  end
end
