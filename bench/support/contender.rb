# frozen_string_literal: true

# One contender in a process of its own. Arguments: its name, the server's URL and, optionally, "many". Reads numbers of
# calls, one a line, makes them one after the other (with "many" all at once), and prints for each a line of JSON with
# what they took. A contender that can't be had here says so instead of its version.

require "json"
require_relative "contenders"

# What has passed in this process, by the clocks and counters that are compared.
class Meter
  def initialize
    @before = read
    @memory = status("VmRSS")
  end

  # @return [Hash{Symbol => Numeric}] seconds, objects and kilobytes
  def took
    { **read.merge(@before) { |_, now, before| now - before }, memory: status("VmHWM") - @memory }
  end

  private

  def read
    { cpu: Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID),
      wall: Process.clock_gettime(Process::CLOCK_MONOTONIC), objects: GC.stat(:total_allocated_objects) }
  end

  def status(name) = File.read("/proc/self/status")[/^#{name}:\s*(\d+)/, 1].to_i
end

name, url, many = ARGV
$stdout.sync = true
begin
  contender = Bench::Contenders::ALL.fetch(name).call(url)
rescue LoadError => e
  puts JSON.generate(missing: e.message)
  exit
end
puts JSON.generate(version: contender.version)

good = lambda do |answer|
  warn "#{name}: #{answer.class}: #{answer.message}" if answer.is_a?(Exception)
  [true, Bench::Wire::TEXT].include?(answer)
end

call = lambda do
  contender.call
rescue StandardError => e
  e
end

while (calls = $stdin.gets&.to_i)
  meter = Meter.new
  errors = if many
             contender.call_many(calls).count { |answer| !good[answer] }
           else
             calls.times.count { !good[call.call] }
           end
  puts JSON.generate(**meter.took, errors: errors)
end
