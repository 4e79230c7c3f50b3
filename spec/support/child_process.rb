# frozen_string_literal: true

require "open3"
require "rbconfig"

# Runs Ruby code with the gem in a process of its own, against the shared server. Warnings are on, so a clean run
# leaves nothing on the standard error.
module ChildProcess
  Outcome = Struct.new(:out, :err, :status) do
    def clean? = err.empty? && status.success?

    def to_s = "#{status}\nout: #{out}\nerr: #{err}"
  end

  LIB = File.expand_path("../../lib", __dir__)
  PREAMBLE = <<~RUBY
    $stdout.sync = true
    require "prompt_tracker/native"
    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    def ask(**more, &block)
      PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_1", prompt: "Hello!", **more, &block)
    end
  RUBY

  # @param code [String] run after a preamble with `ask` and `now`
  # @param before [String] code that runs before the gem is loaded
  # @param limit [Numeric] seconds, after which it is killed
  # @yieldparam pid [Integer] while it runs, with its standard output
  # @return [Outcome]
  def run_child(code, before: "", env: {}, limit: 60)
    variables = { "RUBYOPT" => nil, "RUBYLIB" => nil, "MALLOC_ARENA_MAX" => "2", **env }
    command = [RbConfig.ruby, "--disable-gems", "-w", "-I", LIB, "-e", before + PREAMBLE + code]
    Open3.popen3(variables, *command) do |input, output, errors, thread|
      input.close
      reader = Thread.new { errors.read }
      killer = Thread.new { Process.kill(:KILL, thread.pid) unless thread.join(limit) }
      said = block_given? ? yield(thread.pid, output) : ""
      rest = output.read
      Outcome.new("#{said}#{rest}", reader.value, thread.value).tap { killer.join }
    end
  end

  # The same, with an example's failure that shows what it said.
  def expect_clean(code, **options, &block)
    outcome = run_child(code, **options, &block)
    expect(outcome).to be_clean, outcome.to_s
    outcome.out
  end
end
