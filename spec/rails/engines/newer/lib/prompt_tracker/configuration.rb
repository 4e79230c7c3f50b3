# frozen_string_literal: true

module PromptTracker
  class Configuration
    attr_accessor :api_keys

    def initialize
      @api_keys = {}
    end

    def api_key_for(provider)
      api_keys[provider.to_sym]
    end

    # As the newer engine answers those who still ask for the first one's setting.
    def provider_api_key_env_vars
      api_keys.transform_values { "CONFIGURED" }
    end
  end
end
