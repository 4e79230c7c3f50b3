# frozen_string_literal: true

# One contender in a process of its own. Arguments: its name, the server's URL. Reads numbers of calls, one a line, and
# prints for each a line of JSON with what they took.

require "json"
require_relative "contenders"

contender = Bench::Contenders::ALL.fetch(ARGV[0]).call(ARGV[1])
versions = { "ruby-openai" => defined?(OpenAI::VERSION) && OpenAI::VERSION }
$stdout.sync = true
puts JSON.generate(version: versions[ARGV[0]])

good = lambda do
  [true, Bench::Wire::TEXT].include?(contender.call)
rescue StandardError => e
  warn "#{ARGV[0]}: #{e.class}: #{e.message}"
  false
end

while (line = $stdin.gets)
  calls = line.to_i
  errors = 0
  objects = GC.stat(:total_allocated_objects)
  cpu = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
  wall = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  calls.times { errors += 1 unless good.call }
  puts JSON.generate(
    cpu: Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - cpu,
    wall: Process.clock_gettime(Process::CLOCK_MONOTONIC) - wall,
    objects: GC.stat(:total_allocated_objects) - objects, errors: errors
  )
end
