# frozen_string_literal: true

# Run by Bench::Local: prints the server's URL and Puma's version, then, for each line it is sent, how many requests and
# connections there have been. Ends with its input.

require "prompt_tracker/native"
require_relative "wire"

server = PromptTracker::Native::LocalServer.start
server.answer(Bench::Wire::TEXT, usage: Bench::Wire::USAGE, times: :always)
$stdout.sync = true
puts "#{server.url} #{Puma::Const::PUMA_VERSION}"
puts "#{server.requests.size} #{server.connections}" while $stdin.gets
server.stop
