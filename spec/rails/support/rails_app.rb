# frozen_string_literal: true

require "json"
require "open3"
require "rbconfig"
require "tmpdir"
require_relative "../../support/other_bundle"
require_relative "../../support/postgresql"

# Runs the app of these specs in processes of its own. One run answers many questions: a group makes it once, in
# `before(:context)`, and its examples look at what was reported.
module RailsApp
  HERE = File.expand_path("..", __dir__)
  ROOT = File.expand_path("../..", HERE)
  APP = File.join(HERE, "app")
  KEY = "sk-engine-0123456789abcdefghij"
  SECONDS = 120

  Outcome = Struct.new(:report, :out, :status) do
    def [](name) = report.fetch(name.to_s)
  end

  class << self
    # @return [String] of the gemfile that says which Rails it is
    def gemfile
      File.expand_path(ENV["PTN_RAILS_GEMFILE"] || File.join(HERE, "gemfiles/rails_7_2.gemfile"), ROOT)
    end

    # @return [String, nil] why the apps can't be run here
    def missing
      return @missing if defined?(@missing)

      @missing = PostgreSQL.missing || missing_gems
    end

    # What a process of the app begins with: nothing of the specs' own bundle.
    def environment
      @environment ||= OtherBundle.environment(gemfile)
    end

    private

    def missing_gems
      said, status = Open3.capture2e(environment, "bundle", "check", unsetenv_others: true, chdir: APP)
      "the gems of #{gemfile} are not installed (bin/setup --companions): #{said.lines.first}" unless status.success?
    end
  end

  # Skips where the apps can't be run; not on a machine that is to try everything.
  def need_rails_app
    return unless RailsApp.missing
    raise RailsApp.missing if ENV["CI"]

    skip RailsApp.missing
  end

  # Runs a script of scripts/ in the app.
  #
  # @param script [String] its name; what it reports comes back as {Outcome#report}
  # @param has [String] see README.md
  # @param server [LocalServer]
  # @param command [Array<String>] another command than running the script
  # @return [Outcome]
  def run_app(script = nil, has:, server: nil, env: {}, command: nil)
    need_rails_app
    Dir.mktmpdir("ptn-app") do |folder|
      variables = { "PTN_APP_HAS" => has, "PTN_APP_TMP" => folder, "PTN_APP_REPORT" => File.join(folder, "report.json"),
                    "DATABASE_URL" => PostgreSQL.url(has.tr(",", "_")), "ENGINE_OPENAI_KEY" => KEY,
                    "OPENAI_API_KEY" => KEY, "OPENAI_BASE_URL" => server&.url || "http://127.0.0.1:9/v1", **env }
      command ||= ["bin/rails", "runner", File.join(HERE, "scripts", "#{script}.rb")]
      perform(command, RailsApp.environment.merge(variables))
    end
  end

  private

  def perform(command, variables)
    out, status = Open3.capture2e(variables, "timeout", SECONDS.to_s, RbConfig.ruby, *command, chdir: APP,
                                                                                               unsetenv_others: true)
    file = variables["PTN_APP_REPORT"]
    report = File.file?(file) ? JSON.parse(File.read(file)) : {}
    raise "#{command.join(" ")} failed:\n#{out}" unless status.success?

    Outcome.new(report, out, status)
  end
end
