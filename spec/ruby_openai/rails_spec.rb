# frozen_string_literal: true

require "fileutils"
require "open3"
require "rbconfig"
require "tmpdir"
require_relative "../rails/support/rails_app"

# A Rails app that is nothing but Rails, one of its initializers, and what its bundle has.
RSpec.describe "OpenAI::Client in a Rails app", :server do
  app = <<~RUBY
    require "bundler"
    Bundler.ui.silence { Bundler.setup(:default, *ENV.fetch("GROUPS").split.map(&:to_sym)) } # it may resolve them first
    require "bootsnap/setup" if ENV.key?("BOOTSNAP_CACHE_DIR")
    require "rails"
    require "action_controller/railtie"
    features = { "native" => "prompt_tracker/native", "ruby_openai" => "openai" }
    ENV.fetch("GROUPS").split.each { |group| require features.fetch(group) }

    class App < Rails::Application
      config.root = ENV.fetch("APP_ROOT")
      config.load_defaults 7.2
      config.eager_load = true
      config.logger = Logger.new(nil)
      config.secret_key_base = "not a secret: an app of specs"
      eval(ENV.fetch("SETTINGS", ""))
    end
    begin
      App.initialize!
      print(eval(ARGV[0]).inspect)
    rescue StandardError, LoadError => error
      print(error.message)
    end
  RUBY

  around do |example|
    Dir.mktmpdir do |root|
      @root = root
      write("config/initializers/openai.rb", "OpenAI.configure { |c| c.access_token = 'sk-app' } if defined?(OpenAI)")
      example.run
    end
  end

  def write(path, text)
    file = File.join(@root, path)
    FileUtils.mkdir_p(File.dirname(file))
    File.write(file, text)
  end

  # An app whose bundle has these groups says what that code gives.
  define_method(:app_says) do |code, groups: "native", settings: "", env: {}|
    variables = { **RailsApp.environment, "GROUPS" => groups, "SETTINGS" => settings,
                                          "APP_ROOT" => @root, "RAILS_ENV" => "production", **env }
    said, errors, status = Open3.capture3(variables, RbConfig.ruby, "-", code, stdin_data: app, unsetenv_others: true,
                                                                               chdir: @root)
    return said if status.success?

    errors.include?("Bundler::GemNotFound") ? skip("the gems of #{RailsApp.gemfile} are not installed") : raise(errors)
  end

  it "is the gem's before the app's initializers where the bundle has no other" do
    code = "[OpenAI::Client.superclass.name, OpenAI::Client.new.access_token, require('openai')]"
    expect(app_says(code)).to eq('["PromptTracker::Native::Client", "sk-app", true]')
  end

  it "is found by Bootsnap too, with a new cache and with an old one" do
    cache = { "BOOTSNAP_CACHE_DIR" => File.join(@root, "tmp") }
    said = Array.new(2) { app_says("[require('openai'), OpenAI::Client.superclass.name]", env: cache) }
    expect(said).to eq(['[true, "PromptTracker::Native::Client"]'] * 2)
    expect(Dir.children(cache["BOOTSNAP_CACHE_DIR"])).not_to be_empty
  end

  it "answers there" do
    write("config/initializers/openai.rb",
          "OpenAI.configure { |c| c.access_token = 'sk-app'; c.uri_base = ENV.fetch('LOCAL_URL') }")
    said = app_says("OpenAI::Client.new.threads.create['object']", env: { "LOCAL_URL" => server.url })
    expect(said).to eq('"thread"')
    expect(request_lines).to eq(["POST /threads"])
  end

  it "is ruby-openai's where the bundle has that gem, whichever comes first" do
    expect(app_says("OpenAI::Client.superclass", groups: "native ruby_openai")).to eq("Object")
    expect(app_says("OpenAI::Client.superclass", groups: "ruby_openai native")).to eq("Object")
  end

  it "is nobody's where replace_openai is false" do
    settings = "config.prompt_tracker_native.replace_openai = false"
    expect(app_says("defined?(OpenAI)", settings: settings)).to eq("nil")
  end

  it "is refused where replace_openai is true and another gem has it" do
    settings = "config.prompt_tracker_native.replace_openai = true"
    expect(app_says("1", groups: "native ruby_openai", settings: settings))
      .to match(/\Aruby-openai 8\.\S+ is loaded beside .*bundle remove ruby-openai/)
  end

  it "says so where an initializer sets replace_openai to false" do
    write("config/initializers/late.rb", "PromptTracker::Native.configure { |c| c.replace_openai = false }")
    expect(app_says("1")).to match(%r{\Areplace_openai is false too late: .*config/application\.rb})
  end

  it "leaves the app a constant OpenAI of its own" do
    write("config/initializers/inflections.rb", "Rails.autoloaders.main.inflector.inflect('open_ai' => 'OpenAI')")
    write("app/services/open_ai.rb", "module OpenAI\n  def self.mine = true\nend\n")
    expect(app_says("[OpenAI.mine, OpenAI.const_defined?(:Client)]")).to eq("[true, false]")
  end

  it "goes into a namespace OpenAI of the app's own" do
    write("config/initializers/inflections.rb", "Rails.autoloaders.main.inflector.inflect('open_ai' => 'OpenAI')")
    write("app/services/open_ai/prompts.rb", "module OpenAI\n  Prompts = 1\nend\n")
    expect(app_says("[OpenAI::Prompts, OpenAI::Client.superclass.name]")).to eq('[1, "PromptTracker::Native::Client"]')
  end
end
