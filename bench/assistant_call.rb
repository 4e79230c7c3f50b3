# frozen_string_literal: true

# What one assistant call costs, counted and timed beside its peers in one run. See docs/benchmarks.md.

require "etc"
require "fileutils"
require "json"
require "openssl"
require "optparse"
require "rbconfig"
require_relative "support/local"
require_relative "support/nginx"
require_relative "support/report"
require_relative "support/wire"

module Bench
  # Runs the contenders in rounds, one after the other in each, so that whatever slows the machine down for a while
  # slows all of them down; ratios are taken within a round.
  class AssistantCall
    ROOT = File.expand_path("..", __dir__)
    WORK = File.join(ROOT, "tmp/bench")
    RESULT = File.join(ROOT, "bench/results/assistant_call.md")
    CONTENDER = File.join(ROOT, "bench/support/contender.rb")

    # Name, what it is, and calls a round.
    ROWS = [
      ["c", "C program on libcurl, 1 streamed request, answer dropped", 1000],
      ["native-streamed", "prompt_tracker-native, streamed", 500],
      ["native-block", "prompt_tracker-native, streamed, with a block", 500],
      ["native-polling", "prompt_tracker-native, polling", 150],
      ["net-http", "Net::HTTP kept alive, 1 streamed request, answer dropped", 250],
      ["ruby-openai", "ruby-openai, classic requests", 30]
    ].freeze

    # One contender: its process, and what each round took for one call.
    Runner = Struct.new(:name, :label, :calls, :pipe, :version, :rounds)
    Round = Struct.new(:cpu, :wall, :objects, :requests, :connections, :errors)

    def initialize(rounds:, scale:, local:)
      @rounds = rounds
      @scale = scale
      @local = local
    end

    # @return [Boolean] did every call of every contender succeed?
    def run
      FileUtils.mkdir_p(WORK)
      @server = server_class.new(File.join(WORK, "nginx"))
      start
      measure
      report = Report.new(@runners, head, aims: @server.is_a?(Nginx))
      File.write(RESULT, report.to_s) if @server.is_a?(Nginx)
      puts report
      @runners.all? { |runner| runner.rounds.sum(&:errors).zero? }
    ensure
      @runners&.each { |runner| runner.pipe.close }
      @server&.stop
    end

    private

    def server_class
      return Local if @local
      return Nginx if Nginx.available?

      warn "nginx with its echo module is not there, so the gem's own server answers over plain HTTP: " \
           "apt-get install nginx-light libnginx-mod-http-echo"
      Local
    end

    def start
      @runners = ROWS.map do |name, label, calls|
        pipe = IO.popen(@server.environment, command(name), "r+")
        version = JSON.parse(pipe.gets || raise("#{name} did not start"))["version"]
        Runner.new(name, label, [(calls * @scale).round, 2].max, pipe, version, [])
      end
    end

    def command(name)
      return [limit, "#{@server.url}/threads/runs", Wire.request] if name == "c"

      [RbConfig.ruby, "-I", File.join(ROOT, "lib"), CONTENDER, name, @server.url]
    end

    # @return [String] the compiled C program
    def limit
      program = File.join(WORK, "limit")
      source = File.join(ROOT, "bench/limit.c")
      flags = `pkg-config --cflags --libs libcurl`.split
      system("cc", "-O2", "-Wall", "-o", program, source, *flags) or raise "bench/limit.c does not compile"
      program
    end

    def measure
      @runners.each { |runner| perform(runner) } # warms up: code, caches, and the first connection
      @rounds.times do |i|
        $stderr.print "\rround #{i + 1} of #{@rounds} " if $stderr.tty?
        @runners.each { |runner| runner.rounds << perform(runner) }
      end
      $stderr.puts if $stderr.tty?
    end

    def perform(runner)
      @server.count
      runner.pipe.puts runner.calls
      took = JSON.parse(runner.pipe.gets || raise("#{runner.name} ended"))
      requests, connections, refused = @server.count
      each = ->(number) { number&.fdiv(runner.calls) }
      Round.new(each[took["cpu"]], each[took["wall"]], each[took["objects"]], each[requests], each[connections],
                [took["errors"], refused].max)
    end

    def head
      versions = @runners.to_h { |runner| [runner.name, runner.version] }
      { "Ruby" => RUBY_DESCRIPTION[/\Aruby \S+/].delete_prefix("ruby "),
        "libcurl" => versions["c"].scan(%r{(?:libcurl|OpenSSL|nghttp2)/\S+}).join(", "),
        "OpenSSL in Ruby" => OpenSSL::OPENSSL_LIBRARY_VERSION, "ruby-openai" => versions["ruby-openai"],
        "Server" => "#{@server.describe}, a process of its own on the same machine", "Cores" => Etc.nprocessors,
        "Rounds" => @rounds, "Calls a round" => @runners.map { |r| "#{r.calls} (#{r.name})" }.join(", ") }
    end
  end
end

options = { rounds: 9, scale: 1.0, local: false }
OptionParser.new do |o|
  o.banner = "Usage: bin/bench [options]"
  o.on("--rounds N", Integer, "rounds (#{options[:rounds]})") { |n| options[:rounds] = n }
  o.on("--scale FACTOR", Float, "so many times as many calls a round (1)") { |f| options[:scale] = f }
  o.on("--local", "against the gem's LocalServer also where nginx is there") { options[:local] = true }
end.parse!

exit Bench::AssistantCall.new(**options).run
