# frozen_string_literal: true

require "optparse"
require "rbconfig"
require_relative "ways"

module Soak
  # What a process holds at one moment, after a collection.
  Sample = Struct.new(:calls, :memory, :descriptors, :threads, :objects) do
    def self.take(calls)
      4.times { GC.start }
      sleep 0.3 # what was let go of a moment ago is closed by then
      new(calls, File.read("/proc/self/statm").split[1].to_i * 4, Dir.children("/proc/self/fd").size,
          Dir.children("/proc/self/task").size, GC.stat(:heap_live_slots))
    end
  end

  # Makes calls until there were so many, takes samples on the way, and compares the end with the middle: a process may
  # grow while it warms up.
  class Run
    SERVER = File.expand_path("server.rb", __dir__)
    LIB = File.expand_path("../../lib", __dir__)
    WAYS = Ways.singleton_methods(false) - %i[ask fails refused]
    SAMPLES = 12

    # Growth from the middle to the end that is none: kilobytes (a page cache, an allocator's arena), and descriptors
    # and threads (an ending connection, a thread that Ruby keeps for a while).
    ALLOWED = { memory: 2048, descriptors: 3, threads: 1, objects: 500 }.freeze

    def initialize(calls)
      @calls = calls
      @samples = []
    end

    # @return [Boolean] was all flat?
    def run
      with_server do
        round # warms up
        soak
      end
      judge
    end

    private

    def with_server
      IO.popen([RbConfig.ruby, "-I", LIB, SERVER], "r+") do |pipe|
        ENV["OPENAI_BASE_URL"] = pipe.gets.strip
        ENV["OPENAI_API_KEY"] = "any"
        PromptTracker::Native.configure do |c|
          c.poll_interval = 0.005
          c.assistants = { "asst_defined" => { id: "asst_defined", model: "gpt-4o", instructions: "Be brief." } }
        end
        yield
        pipe.close_write
      end
    end

    # Whole rounds, so that all samples are of the same moment: a thread that has ended is kept for a while.
    def soak
      made = 0
      (1..SAMPLES).each do |nth|
        made += round while made < @calls * nth / SAMPLES
        @samples << Sample.take(made)
        say(@samples.last)
      end
    end

    # @return [Integer] how many calls it made
    def round = WAYS.sum { |way| Ways.public_send(way) }

    def say(sample)
      puts format("%<calls>8d calls: %<memory>7d KB, %<descriptors>3d descriptors, %<threads>2d threads, " \
                  "%<objects>7d objects", **sample.to_h)
    end

    def judge
      middle = @samples[-6, 3]
      last = @samples[-3, 3]
      grown = ALLOWED.filter_map do |what, allowed|
        growth = least(last, what) - least(middle, what)
        "#{what} (#{growth} more at the end than in the middle)" if growth > allowed
      end
      puts grown.empty? ? "flat" : "not flat: #{grown.join(", ")}"
      grown.empty?
    end

    def least(samples, what) = samples.map(&what).min
  end
end

calls = 36_000
OptionParser.new do |o|
  o.banner = "Usage: bin/soak [--calls N]"
  o.on("--calls N", Integer, "how many (#{calls}: an hour of ten a second)") { |n| calls = n }
end.parse!
abort "bin/soak needs Linux' /proc" unless File.directory?("/proc/self/fd")

$stdout.sync = true
exit Soak::Run.new(calls).run
