# frozen_string_literal: true

require "open3"
require_relative "support/figures"
require_relative "support/runner"

module Bench
  # What the gem costs beside its calls: to load it, to connect with the system's certificates, what text in pieces
  # takes, and what calls in flight leave of a thread that computes.
  class Costs
    AIM_REQUIRE = 30 # milliseconds
    AIM_SPEED = 0.95
    BUNDLES = %w[/etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem].freeze

    def initialize(server, rounds:)
      @server = server
      @rounds = rounds
      @results = Hash.new { |all, key| all[key] = [] }
      @errors = 0
    end

    # @return [Integer] calls that failed
    def run
      @rounds.times do
        REQUIRES.each { |name, code| @results[[:require, name]] << script(code) }
        connect
        @results["deltas"] << script(DELTAS, "OPENAI_BASE_URL" => @server.url("/long"))
        @results["speed"] << script(SPEED, "OPENAI_BASE_URL" => @server.url("/1s"))
      end
      @errors
    end

    def to_s
      loading = Figures.table(["require", "CPU, ms"], REQUIRES.keys.map do |name|
        [name, Figures.spread(@results[[:require, name]])]
      end)
      connecting = Figures.table(["First call of a process, with the system's CA bundle", "CPU, ms"],
                                 FIRST_CALL.map { |name, label| [label, Figures.spread(@results[[:connect, name]])] })
      others = Figures.table(%w[Else figure], [
                               ["deltas a second through a block", Figures.spread(@results["deltas"])],
                               ["speed of a computing thread while 100 calls are in flight, by its speed alone",
                                Figures.spread(@results["speed"])]
                             ])
      [loading, connecting, others, aims].join("\n\n")
    end

    private

    FIRST_CALL = { "c" => "C program", "native-streamed" => "prompt_tracker-native", "httpx" => "httpx",
                   "ruby-openai" => "ruby-openai (six connections)" }.freeze

    TIMED = <<~RUBY
      at = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
      %s
      puts (Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - at) * 1000
    RUBY
    REQUIRES = {
      "prompt_tracker/native" => format(TIMED, 'require "prompt_tracker/native"'),
      "ruby-openai" => format(TIMED, '$LOAD_PATH.reject! { |p| p.match?(%r{/openai-[\d.]+/}) }; require "openai"'),
      "httpx" => format(TIMED, 'require "set"; require "httpx"'),
      "typhoeus" => format(TIMED, 'require "typhoeus"')
    }.freeze

    PREPARED = <<~RUBY
      require "prompt_tracker/native"
      ENV["OPENAI_API_KEY"] = "sk-bench-0123456789abcdefghij"
      PromptTracker::Native.configure { |c| c.flow = :streaming }
      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      def ask(&block) = PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_1", prompt: "Hello!", &block)
    RUBY
    DELTAS = <<~RUBY.freeze
      #{PREPARED}
      count = 0
      ask { count += 1 }
      at = now
      count = 0
      ask { count += 1 }
      puts count / (now - at)
    RUBY
    # The thread counts for half a second alone, and for half a second while runs of one second are in flight.
    SPEED = <<~RUBY.freeze
      #{PREPARED}
      def count
        n = 0
        til = now + 0.5
        n += 1 while now < til
        n
      end
      ask
      count
      alone = count
      calls = Array.new(100) { Thread.new { ask } }
      sleep 0.3
      puts count.fdiv(alone)
      calls.each(&:join)
    RUBY
    private_constant :TIMED, :PREPARED, :DELTAS, :SPEED, :REQUIRES, :FIRST_CALL

    def script(code, **more)
      command = [RbConfig.ruby, "-I", File.join(ROOT, "lib"), "-e", code]
      out, status = Open3.capture2(@server.environment.merge(more), *command)
      raise "a script of the benchmark failed" unless status.success?

      out.to_f
    end

    def connect
      FIRST_CALL.each_key do |name|
        runner = Runner.new(name, @server.url, { "SSL_CERT_FILE" => bundle })
        took = runner.perform(1)
        @results[[:connect, name]] << (took[:cpu] * 1000)
        @errors += took[:errors]
        runner.close
      end
    end

    # The system's certificates, and the server's.
    def bundle
      @bundle ||= File.join(WORK, "bundle.pem").tap do |file|
        system = BUNDLES.find do |path|
          File.file?(path)
        end || raise("the system has no CA bundle in #{BUNDLES.join(", ")}")
        File.write(file, File.read(system) + File.read(@server.environment["SSL_CERT_FILE"]))
      end
    end

    def aims
      loading = Figures.median(@results[[:require, "prompt_tracker/native"]])
      [Figures.goal("require, ms of CPU, under #{AIM_REQUIRE}", loading, AIM_REQUIRE, by: :<),
       Figures.goal("speed that a computing thread keeps, at least #{AIM_SPEED}", Figures.median(@results["speed"]),
                    AIM_SPEED, by: :>=)].join("\n")
    end
  end
end
