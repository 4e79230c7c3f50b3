# frozen_string_literal: true

module PromptTracker
  module Native
    # What happens in a Rails app, with the gem in its Gemfile and nothing else. docs/rails.md tells all of it.
    #
    # `config.prompt_tracker_native` takes every setting of {Configuration}.
    #
    # @example Keep the host's own classes
    #   config.prompt_tracker_native.replace_services = false
    class Railtie < ::Rails::Railtie
      config.prompt_tracker_native = ActiveSupport::OrderedOptions.new

      initializer "prompt_tracker_native.settings", before: :load_config_initializers do |app|
        app.config.prompt_tracker_native.each { |name, value| Settings.change(name, value) }
      end

      # Before the app's own initializers, which may have an OpenAI.configure.
      initializer "prompt_tracker_native.openai", after: "prompt_tracker_native.settings",
                                                  before: :load_config_initializers do
        OpenaiGems.replace(ActiveSupport::Dependencies.autoload_paths)
      end

      # The last moment at which nothing of the host's has been loaded, and the first at which all its places are known.
      initializer "prompt_tracker_native.services", after: :load_config_initializers,
                                                    before: :setup_main_autoloader do
        Takeover.run
      end

      config.to_prepare { Namespaces.load }

      # Where the app has named a logger, that one is told.
      config.after_initialize do
        next if Native.configuration.logger

        require_relative "log_subscriber"
        LogSubscriber.attach_to :prompt_tracker_native
      end

      # A setting by its name, as `config.prompt_tracker_native` has it.
      #
      # @api private
      module Settings
        # @raise [ArgumentError] where there is no such setting, or the value can't be used
        def self.change(name, value)
          known = Configuration.defaults.keys
          unless known.include?(name)
            raise ArgumentError, "config.prompt_tracker_native.#{name} is no setting; there are #{known.join(", ")}"
          end

          Native.configuration.public_send(:"#{name}=", value)
        end
      end
      private_constant :Settings
    end

    require_relative "railtie/host_files"
    require_relative "railtie/namespaces"
    require_relative "railtie/decorators"
    require_relative "railtie/takeover"
    require_relative "railtie/before_takeover"

    PromptTracker.extend(Railtie::BeforeTakeover)
    Services.extend(Railtie::BeforeTakeover)

    # Required too late for its initializers: then there is nothing to take over, or it is said what to do.
    ActiveSupport.on_load(:after_initialize) { Railtie::Takeover.run unless Services.home }
  end
end
