# frozen_string_literal: true

require "rack/mock"

# What a script of this folder finds out, for the spec that runs it.
module Report
  SAID = {} # rubocop:disable Style/MutableConstant

  class << self
    def []=(name, value)
      SAID[name] = value
    end

    # The message of what the block raises.
    def error
      yield
      nil
    rescue StandardError => e
      { "class" => e.class.name, "message" => e.message, "superclass" => e.class.superclass.name }
    end

    # @return [String] in which folder a method was written: "gem", "engine", "app", or nothing for C
    def written_in(method)
      file = method.source_location&.first
      case file
      when nil then "C"
      when %r{/spec/rails/engines/} then "engine"
      when %r{/spec/rails/app/} then "app"
      when %r{/lib/prompt_tracker/native/} then "gem"
      else file
      end
    end

    # Makes the engine's tables.
    def migrate
      ActiveRecord::Migration.verbose = false
      ActiveRecord::Tasks::DatabaseTasks.root = Rails.root
      ActiveRecord::MigrationContext.new(Rails.application.config.paths["db/migrate"].expanded).migrate
    end

    # A request to the app, through all of its middleware.
    def get(path)
      environment = Rack::MockRequest.env_for("http://localhost#{path}", "HTTP_HOST" => "localhost")
      status, _, body = Rails.application.call(environment)
      { "status" => status, "body" => body.enum_for(:each).to_a.join }
    end

    def write
      File.write(ENV.fetch("PTN_APP_REPORT"), JSON.generate(SAID))
    end
  end
end

at_exit { Report.write if $!.nil? || $!.is_a?(SystemExit) } # rubocop:disable Style/SpecialGlobalVars
