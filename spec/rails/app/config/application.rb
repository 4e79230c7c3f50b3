# frozen_string_literal: true

require_relative "boot"
require "rails"
require "active_record/railtie"
require "active_job/railtie"
require "action_controller/railtie"

(GROUPS - [ENV["PTN_APP_LATE"]&.to_sym]).each { |group| Bundler.require(group) }
Bundler.require(*Rails.groups)

module Host
  class Application < Rails::Application
    config.load_defaults Rails::VERSION::STRING.to_f
    config.eager_load = Rails.env.production?
    config.enable_reloading = Rails.env.development?
    config.consider_all_requests_local = true
    config.active_job.queue_adapter = :inline
    config.active_support.report_deprecations = false
    config.secret_key_base = "not a secret: an app of specs"
    config.logger = ActiveSupport::TaggedLogging.new(Logger.new(File.join(ENV.fetch("PTN_APP_TMP"), "app.log")))
    config.paths["tmp"] = ENV.fetch("PTN_APP_TMP")

    # An app with the services among its own files, and no engine.
    (GROUPS & %i[own between]).each do |files|
      config.paths.add "#{files}/models", eager_load: true
      config.paths.add "#{files}/services", eager_load: true
    end

    config.prompt_tracker_native.max_retries = 1 if config.respond_to?(:prompt_tracker_native)
    config.prompt_tracker_native.replace_services = false if ENV["PTN_APP_KEEPS"] == "by config"
  end
end
