# frozen_string_literal: true

require "json"
require "rbconfig"
require_relative "wire"

module Bench
  ROOT = File.expand_path("../..", __dir__)
  WORK = File.join(ROOT, "tmp/bench")

  # A contender's process: told how many calls to make, it says what they took.
  class Runner
    CONTENDER = File.expand_path("contender.rb", __dir__)

    # The program that shows what libcurl alone takes.
    #
    # @return [String] compiled
    def self.limit
      @limit ||= begin
        program = File.join(WORK, "limit")
        flags = `pkg-config --cflags --libs libcurl`.split
        system("cc", "-O2", "-Wall", "-pthread", "-o", program, File.join(ROOT, "bench/limit.c"), *flags) or
          raise "bench/limit.c does not compile"
        program
      end
    end

    # @return [String, nil] of what is measured
    attr_reader :version
    # @return [String, nil] why it can't be measured here
    attr_reader :missing

    # @param name [String] "c", "c-rested", "c-engine" or one of {Contenders::ALL}
    # @param url [String] the server's base URL
    # @param environment [Hash{String => String, nil}]
    # @param many [Boolean] whether its calls are made all at once
    def initialize(name, url, environment, many: false)
      command = if name.match?(/\Ac(-|\z)/)
                  [self.class.limit, "#{url}/threads/runs", Wire.request, name[/-(.*)/, 1]].compact
                else
                  [RbConfig.ruby, "-I", File.join(ROOT, "lib"), CONTENDER, name, url]
                end
      command << "many" if many
      @pipe = IO.popen(environment, command, "r+")
      head = JSON.parse(@pipe.gets || raise("#{name} did not start"))
      @version = head["version"]
      @missing = head["missing"]
    end

    # @param calls [Integer]
    # @return [Hash{Symbol => Numeric}] cpu: and wall: in seconds, memory: in KB, objects:, errors:, for all of them
    def perform(calls)
      @pipe.puts calls
      JSON.parse(@pipe.gets || raise("a contender ended"), symbolize_names: true)
    end

    def close = @pipe.close
  end
end
