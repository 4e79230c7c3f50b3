# frozen_string_literal: true

require "open3"
require "rbconfig"

# Runs a suite of test/suites/ in a process of its own, as an app would run it: with this project's gems, but without
# the helpers of this one.
module SuiteRun
  ROOT = File.expand_path("../..", __dir__)
  LIB = File.join(ROOT, "lib")
  COUNT = /^(\d+) examples?, (\d+) failures?(?:, (\d+) pending)?/

  Outcome = Struct.new(:out, :status) do
    # @return [String] "12 examples, 0 failures", or all that was said where that is not in it
    def count = out[COUNT] || out

    # @return [Array<String>] warnings of the gem's own code
    def warnings = out.lines.grep(/\A#{Regexp.escape(LIB)}\S+: warning:/o)
  end

  # @param name [String] a folder of test/suites/
  # @return [Outcome]
  def run_suite(name, env: {})
    run_ruby(File.join(ROOT, "test/suites", name), "-w", "-e", "load Gem.bin_path('rspec-core', 'rspec')", "spec",
             env: env)
  end

  # @return [Outcome]
  def run_ruby(folder, *arguments, env: {})
    variables = { "RUBYOPT" => nil, "OPENAI_API_KEY" => nil, "OPENAI_BASE_URL" => nil, **env,
                  "BUNDLE_GEMFILE" => ENV.fetch("BUNDLE_GEMFILE", File.join(ROOT, "Gemfile")) }
    command = [RbConfig.ruby, "-rbundler/setup", "-I", LIB, *arguments]
    Outcome.new(*Open3.capture2e(variables, *command, chdir: folder))
  end
end

RSpec.configure { |config| config.include SuiteRun, :suite }
