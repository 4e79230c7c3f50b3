# frozen_string_literal: true

require_relative "support/rails_app"

# One boot each; what is cached by Bootsnap in one is used by the next.
RSpec.describe "Rails apps of every kind" do
  include RailsApp

  before(:context) do
    need_rails_app
    @server = PromptTracker::Native::LocalServer.start
    @cache = Dir.mktmpdir("ptn-bootsnap")
  end

  after(:context) do
    @server&.stop
    FileUtils.rm_rf(@cache) if @cache
  end

  def told(has, script = "classes", bootsnap: false, **env)
    env[:BOOTSNAP_CACHE_DIR] = @cache if bootsnap
    run_app(script, has: has, server: @server, env: env.transform_keys(&:to_s))
  end

  both = { "OpenaiAssistantService" => "gem", "LlmClientService" => "gem", "LlmClients::OpenaiAssistantService" => nil }
  newer = { "OpenaiAssistantService" => nil, "LlmClientService" => "engine", "LlmClients::OpenaiAssistantService" => "gem" }
  files = %w[openai_assistant_service llm_client_service].map { |name| "services/prompt_tracker/#{name}.rb" }

  it "works in production with the gem after the first generation, all loaded at once, with Bootsnap" do
    2.times do
      app = told("first,native", bootsnap: true, RAILS_ENV: "production")
      expect(app["classes"]).to eq(both)
      expect(app["configuration"]).to eq("PromptTracker::Configuration")
      expect(app["environment"]).to eq("env" => "production", "eager" => true, "bootsnap" => true)
      expect(app["files"]).to match_array(files)
      expect(app["answer"]).to match(/Hello/)
    end
    expect(Dir.children(@cache)).not_to be_empty
  end

  it "works in production with the gem after the newer generation, all loaded at once" do
    app = told("newer,native", RAILS_ENV: "production")
    expect(app["classes"]).to eq(newer)
    expect(app["configuration"]).to eq("PromptTracker::Configuration")
    expect(app["files"]).to contain_exactly("prompt_tracker/llm_clients/openai_assistant_service.rb",
                                            "services/prompt_tracker/llm_clients.rb")
    expect(app["answer"]).to match(/Hello/)
  end

  it "works in the test environment, in an app without an engine" do
    app = told("native", RAILS_ENV: "test")
    expect(app["classes"]).to eq(both)
    expect(app["configuration"]).to eq("PromptTracker::Native::HostConfiguration::Settings")
    expect(app["files"]).to eq([])
    expect(app["answer"]).to match(/Hello/)
  end

  it "takes the place of an app's own services, and leaves its namespace as it is" do
    app = told("native,own")
    expect(app["classes"]).to eq(both)
    expect(app["prefix"]).to eq("prompt_tracker_")
    expect(app["note"]).to eq("prompt_tracker_notes")
    expect(app["loads"]).to eq([[1, "prompt_tracker_notes"], [2, "prompt_tracker_notes"]])
    expect(app["files"]).to match_array([*files, "own/models/prompt_tracker.rb"])
  end

  it "leaves a service alone that is called as only engines between the generations call it, and says so" do
    app = told("native,between")
    expect(app["home"]).to eq("PromptTracker::Native::Services")
    expect(app["classes"]).to include("OpenaiAssistantService" => "app", "LlmClientService" => nil)
    expect(app.out).to include("the app's PromptTracker::OpenaiAssistantService takes user_message:")
    expect(app["asked"]).to eq("run")
  end

  it "finds files by what their folders hold, and only those that are to define the services" do
    app = told("native", "host_files")
    expect(app["generations"]).to eq("plain" => "first", "inside" => "first", "deeper" => "newer", "deepest" => "newer",
                                     "between" => "between")
    expect(app["first"]).to eq(%w[inside/openai_assistant_service.rb
                                  between/prompt_tracker/openai_assistant_service.rb])
    expect(app["newer"]).to eq(%w[deeper/llm_clients/openai_assistant_service.rb deepest/openai_assistant_service.rb])
    expect(app["chat"]).to eq(["plain/prompt_tracker/llm_client_service.rb"])
    expect(app["acronym"]).to eq([])
  end

  it "leaves the first generation's services alone where config says so" do
    app = told("native,first", PTN_APP_KEEPS: "by config")
    expect(app["home"]).to eq("PromptTracker::Native::Services")
    expect(app["classes"]).to include("OpenaiAssistantService" => "engine", "LlmClientService" => "engine")
    expect(app["files"]).to eq([])
    expect(app["answer"]).to eq("the engine's own answer")
    expect(app["asked"]).to eq("run")
  end

  it "leaves the newer generation's service alone where an initializer says so" do
    app = told("native,newer", PTN_APP_KEEPS: "by initializer")
    expect(app["classes"]).to include("LlmClients::OpenaiAssistantService" => "engine")
    expect(app["answer"]).to eq("the engine's own answer")
  end

  it "says what to do where the gem is required too late to take over" do
    expect { told("native,first", PTN_APP_LATE: "native") }
      .to raise_error(RuntimeError, /OpenaiAssistantService is already there, to be autoloaded from .*require: false/m)
  end

  it "works where it is required late and there is nothing to take over" do
    app = told("native", PTN_APP_LATE: "native")
    expect(app["classes"]).to eq(both)
    expect(app["answer"]).to match(/Hello/)
  end

  %w[native,first native,newer native,own].each do |has|
    it "passes zeitwerk:check with #{has}" do
      expect(run_app(has: has, command: %w[bin/rails zeitwerk:check]).out).to match(/all is good!/i)
    end
  end

  { "native,first" => both, "native,newer" => newer }.each do |has, classes|
    it "takes over with #{has} where a spec_helper has loaded the gem before Rails" do
      code = "require './config/boot'; require 'prompt_tracker/native'; p PromptTracker::OpenaiAssistantService; " \
             "require './config/environment'; load '../scripts/classes.rb'"
      app = run_app(has: has, server: @server, command: ["-e", code])
      expect(app["classes"]).to eq(classes)
      expect(app["answer"]).to match(/Hello/)
    end
  end

  describe "before an app is initialized" do
    def said(code)
      code = "require './config/boot'; #{code}; puts PromptTracker::LlmClientService rescue puts $!.message"
      run_app(has: "native", command: ["-e", code]).out
    end

    it "says when the services will be defined" do
      expect(said("require './config/application'"))
        .to include("PromptTracker::LlmClientService is defined while Rails sets its autoloader up")
    end

    it "defines them on first use where there is no app" do
      expect(said("require 'rails'; require 'prompt_tracker/native'")).to match(/^PromptTracker::LlmClientService$/)
    end
  end

  it "works under Spring, where commands share one app and are forked from it" do
    Dir.mktmpdir("ptn-spring") do |folder|
      spring = { "SPRING_TMP_PATH" => folder, "SPRING_QUIET" => "1" }
      script = File.join(RailsApp::HERE, "scripts/classes.rb")
      runs = Array.new(2) do
        run_app(has: "native,first", server: @server, env: spring, command: ["bin/spring", "rails", "runner", script])
      end
      expect(runs.map { |run| run["parent"] }.uniq.size).to eq(1)
      expect(runs.map { |run| run["classes"] }).to all(eq(both))
      expect(runs.map { |run| run["answer"] }).to all(match(/Hello/))
    ensure
      run_app(has: "native,first", env: spring, command: %w[bin/spring stop])
    end
  end
end
