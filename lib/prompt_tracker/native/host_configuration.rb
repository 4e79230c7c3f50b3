# frozen_string_literal: true

module PromptTracker
  module Native
    # `PromptTracker.configure` and `PromptTracker.configuration` for an app without the PromptTracker engine.
    #
    # PromptTracker only extends this module. Where the engine is there, its own `def self.configuration` stands
    # before it, whichever was loaded first; for the same reason nothing here uses the engine's names for a variable
    # or a constant.
    #
    # @example
    #   PromptTracker.configure do |config|
    #     config.provider_api_key_env_vars = { openai_assistants: "MY_OPENAI_KEY" }
    #   end
    module HostConfiguration
      # The two settings of the engine that this gem reads.
      class Settings
        # Models to offer, by provider. Default `{}`.
        # @return [Hash]
        attr_reader :available_models

        # The environment variable that holds each provider's key. Default `{ openai_assistants: "OPENAI_API_KEY" }`.
        # @return [Hash{Symbol => String}]
        attr_reader :provider_api_key_env_vars

        def initialize
          @available_models = {}
          @provider_api_key_env_vars = { openai_assistants: DEFAULT_API_KEY_VARIABLE }
        end

        # @param models [Hash]
        # @raise [ArgumentError] where it is not a Hash
        def available_models=(models)
          @available_models = checked(:available_models, models)
        end

        # @param variables [Hash{Symbol => String}]
        # @raise [ArgumentError] where it is not a Hash
        def provider_api_key_env_vars=(variables)
          @provider_api_key_env_vars = checked(:provider_api_key_env_vars, variables)
        end

        private

        def checked(name, value)
          return value if value.is_a?(Hash)

          raise ArgumentError, "#{name} must be a Hash with a provider's name for each key, not #{value.class}"
        end
      end

      # @return [Settings] or the engine's own object, where the engine is there
      def configuration
        @native_host_configuration ||= Settings.new # rubocop:disable Naming/MemoizedInstanceVariableName
      end

      # @yieldparam configuration [Settings]
      # @return [Object] what the block returns
      def configure
        yield configuration
      end
    end

    # The variable that holds the key where the configuration names none.
    DEFAULT_API_KEY_VARIABLE = "OPENAI_API_KEY"

    class << self
      # The name of the environment variable that holds a provider's API key, from
      # `PromptTracker.configuration.provider_api_key_env_vars` (the engine's or the gem's own). Newer engines hold
      # keys instead of names and answer "CONFIGURED" there, which names nothing.
      #
      # @param provider [Symbol, String]
      # @return [String] `"OPENAI_API_KEY"` where the configuration names none
      # @example
      #   PromptTracker::Native.api_key_variable # => "OPENAI_API_KEY"
      def api_key_variable(provider = :openai_assistants)
        host = PromptTracker.configuration
        names = host.provider_api_key_env_vars if host.respond_to?(:provider_api_key_env_vars)
        name = names[provider.to_sym] || names[provider.to_s] if names.respond_to?(:to_hash)
        return name if name.equal?(DEFAULT_API_KEY_VARIABLE) # as it is where nobody has set it

        name = name.to_s.strip
        name.empty? || name == "CONFIGURED" ? DEFAULT_API_KEY_VARIABLE : name
      end

      # A provider's API key, read from the environment now.
      #
      # @param provider [Symbol, String]
      # @return [String, nil] without white space around it; nil where the variable is missing or blank
      # @example
      #   PromptTracker::Native.api_key # => "sk-…", or nil
      def api_key(provider = :openai_assistants)
        # Not ENV.fetch: specs of an app, like the engine's own, stub ENV["…"].
        Configuration::Snapshot.present(ENV[api_key_variable(provider)]) # rubocop:disable Style/FetchEnvVar
      end

      # The key that a request carries. Where no key is needed ({Configuration#needs_api_key?}), `OPENAI_API_KEY` is
      # taken for OpenAI's and stays here; one from a variable that the configuration names is meant for the server.
      #
      # @api private
      # @param provider [Symbol, String]
      # @return [String, nil]
      def api_key_to_send(provider = :openai_assistants)
        meant = configuration.needs_api_key? || api_key_variable(provider) != DEFAULT_API_KEY_VARIABLE
        api_key(provider) if meant
      end
    end
  end

  extend Native::HostConfiguration
end
