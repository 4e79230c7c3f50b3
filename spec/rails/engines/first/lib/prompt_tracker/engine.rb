# frozen_string_literal: true

module PromptTracker
  class Engine < ::Rails::Engine
    isolate_namespace PromptTracker

    # As the real one does, though lib/prompt_tracker.rb was required long before.
    config.autoload_paths << root.join("lib")

    initializer "prompt_tracker.migrations" do |app|
      app.config.paths["db/migrate"].concat(config.paths["db/migrate"].expanded)
    end
  end
end
