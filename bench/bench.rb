# frozen_string_literal: true

# Measures the gem beside its peers in one run. See docs/benchmarks.md.

require "etc"
require "fileutils"
require "openssl"
require "optparse"
require_relative "call"
require_relative "costs"
require_relative "latency"
require_relative "many"
require_relative "support/local"
require_relative "support/nginx"

module Bench
  RESULTS = File.join(ROOT, "bench/results", "ruby-#{RUBY_VERSION[/\A\d+\.\d+/]}")
  TITLES = { "call" => "One assistant call", "latency" => "Latency", "many" => "Many at once",
             "costs" => "What it costs besides" }.freeze

  # The parts that are asked for, one after the other, against one server.
  class Session
    def initialize(parts:, rounds:, scale:, local:)
      @parts = parts
      @rounds = rounds
      @scale = scale
      @local = local
    end

    # @return [Boolean] did every call of every contender succeed?
    def run
      FileUtils.mkdir_p([WORK, RESULTS])
      @server = server_class.new(File.join(WORK, "nginx"))
      failed = parts.sum { |name, part| measure(name, part) }
      warn "#{failed} calls failed" if failed.positive?
      failed.zero?
    ensure
      @server&.stop
    end

    private

    def server_class
      return Local if @local
      return Nginx if Nginx.available?

      warn "nginx with its echo module is not there, so the gem's own server answers over plain HTTP, and only " \
           "single calls are measured: apt-get install nginx-light libnginx-mod-http-echo"
      Local
    end

    def parts
      all = { "call" => Call.new(@server, rounds: @rounds, scale: @scale) }
      if @server.is_a?(Nginx)
        few = [@rounds / 2, 1].max
        all["latency"] = Latency.new(@server, rounds: few)
        all["many"] = Many.new(@server, rounds: few)
        all["costs"] = Costs.new(@server, rounds: few)
      end
      all.slice(*@parts)
    end

    def measure(name, part)
      warn "measuring: #{TITLES[name].downcase}"
      failed = part.run
      report = "# #{TITLES[name]}\n\nWritten by `bin/bench`; what is measured, and how: `docs/benchmarks.md`.\n\n" \
               "#{head(part).map { |key, value| "- #{key}: #{value}" }.join("\n")}\n\n#{part}\n"
      puts report
      keep(name, part, report) if @server.is_a?(Nginx)
      failed
    end

    def keep(name, part, report)
      File.write(File.join(RESULTS, "#{name}.md"), report)
      part.plot(RESULTS) if part.respond_to?(:plot)
    end

    def head(part)
      limit = Runner.new("c", @server.url, @server.environment)
      libraries = limit.version.scan(%r{(?:libcurl|OpenSSL|nghttp2)/\S+})
      limit.close
      { "Ruby" => RUBY_DESCRIPTION[/\Aruby \S+/].delete_prefix("ruby "), "libcurl" => libraries.join(", "),
        "OpenSSL in Ruby" => OpenSSL::OPENSSL_LIBRARY_VERSION, "Cores" => Etc.nprocessors,
        "Server" => "#{@server.describe}, a process of its own on the same machine", "Rounds" => @rounds,
        "Peers" => part.respond_to?(:versions) ? part.versions.join(", ") : nil }.compact
    end
  end
end

options = { parts: Bench::TITLES.keys, rounds: 9, scale: 1.0, local: false }
OptionParser.new do |o|
  o.banner = "Usage: bin/bench [options] [#{Bench::TITLES.keys.join("|")}]…"
  o.on("--rounds N", Integer, "rounds of single calls (#{options[:rounds]}); of the others half as many") do |n|
    options[:rounds] = n
  end
  o.on("--scale FACTOR", Float, "so many times as many calls a round (1)") { |f| options[:scale] = f }
  o.on("--local", "against the gem's LocalServer also where nginx is there") { options[:local] = true }
end.parse!
unknown = ARGV - options[:parts]
abort "bin/bench measures #{options[:parts].join(", ")}, not #{unknown.join(", ")}" if unknown.any?
options[:parts] = ARGV.dup if ARGV.any?

exit Bench::Session.new(**options).run
