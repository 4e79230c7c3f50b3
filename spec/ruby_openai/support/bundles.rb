# frozen_string_literal: true

require "fileutils"
require "open3"
require "rbconfig"
require "tmpdir"
require_relative "../../support/other_bundle"

# Runs Ruby code in a process of its own whose bundle has just the gems that are named here.
module Bundles
  ROOT = File.expand_path("../../..", __dir__)
  OURS = %(gem "prompt_tracker-native", path: #{ROOT.dump}\n).freeze
  # The gems of the other bundles are locked to what the main one has, so that nothing is installed here.
  LINES = {
    ours: -> { OURS + gem_line("faraday") },
    without_faraday: -> { OURS },
    ruby_openai: -> { gem_line("ruby-openai") },
    both: -> { OURS + gem_line("ruby-openai") },
    required: -> { "#{OURS.chomp}, require: \"prompt_tracker/native/ruby_openai\"\n" },
    app_before: -> { gem_line("ruby-openai") + gem_line("rspec") + gem_line("webmock") },
    app_after: -> { OURS + gem_line("faraday") + gem_line("rspec") + gem_line("webmock") }
  }.freeze
  SEVEN = File.join(ROOT, "gemfiles/ruby_openai_7.gemfile")

  Outcome = Struct.new(:out, :err, :status) do
    def to_s = "#{status}\nout: #{out}\nerr: #{err}"
  end

  class << self
    # @return [String] the path of a Gemfile
    def gemfile(name)
      return SEVEN if name == :ruby_openai_7

      @folder ||= Dir.mktmpdir("bundles").tap { |folder| at_exit { FileUtils.remove_entry(folder) } }
      path = File.join(@folder, name.to_s, "Gemfile")
      unless File.exist?(path)
        FileUtils.mkdir_p(File.dirname(path))
        File.write(path, "source #{source.dump}\n#{instance_exec(&LINES.fetch(name))}")
      end
      path
    end

    # @return [Boolean] whether the older ruby-openai is installed
    def seven?
      return @seven if defined?(@seven)

      @seven = system(env(:ruby_openai_7), RbConfig.ruby, "-rbundler/setup", "-e", "", unsetenv_others: true,
                                                                                       out: File::NULL, err: File::NULL)
    end

    def env(name) = OtherBundle.environment(gemfile(name))

    private

    def source = Gem.sources.first.uri.to_s

    def gem_line(name) = "gem #{name.dump}, #{Gem::Specification.find_by_name(name).version.to_s.dump}\n"
  end

  # @param bundle [Symbol] a key of {LINES}, or :ruby_openai_7
  # @param code [String]
  # @param arguments [Array<String>] for the code
  # @param limit [Numeric] seconds, after which it is killed
  # @return [Outcome]
  def run_in(bundle, code, *arguments, env: {}, limit: 60)
    command = [RbConfig.ruby, "-rbundler/setup", "-", *arguments]
    options = { unsetenv_others: true, chdir: Dir.tmpdir }
    Open3.popen3({ **Bundles.env(bundle), **env }, *command, **options) do |input, output, errors, thread|
      input.write(code)
      input.close
      reader = Thread.new { errors.read }
      killer = Thread.new { Process.kill(:KILL, thread.pid) unless thread.join(limit) }
      Outcome.new(output.read, reader.value, thread.value).tap { killer.join }
    end
  end

  # The same, for code that must succeed.
  # @return [String] its output
  def output_in(...)
    outcome = run_in(...)
    expect(outcome.status).to be_success, outcome.to_s
    outcome.out
  end
end
