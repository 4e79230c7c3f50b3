# frozen_string_literal: true

module PromptTracker
  class Configuration
    attr_accessor :available_models, :provider_api_key_env_vars

    def initialize
      @available_models = {}
      @provider_api_key_env_vars = { openai: "OPENAI_API_KEY", openai_assistants: "ENGINE_OPENAI_KEY" }
    end
  end
end
