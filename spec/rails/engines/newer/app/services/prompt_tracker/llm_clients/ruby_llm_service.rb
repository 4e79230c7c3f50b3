# frozen_string_literal: true

module PromptTracker
  module LlmClients
    # One that the gem leaves alone.
    class RubyLlmService
      def self.call(model:, prompt:)
        "#{model} would say something about #{prompt}"
      end
    end
  end
end
