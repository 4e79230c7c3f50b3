# frozen_string_literal: true

# Run by soak.rb: a server whose assistants fail in their ways for ever. Prints its URL; ends with its input.

require "prompt_tracker/native"

server = PromptTracker::Native::LocalServer.start(record: false)
server.ends_with("failed", times: :always, assistant_id: "asst_failing")
server.ends_with("incomplete", text: nil, times: :always, assistant_id: "asst_incomplete")
server.stays(times: :always, assistant_id: "asst_slow")
server.calls_tool("get_weather", { city: "Berlin" }, then_answer: "It is sunny.", times: :always,
                                                     assistant_id: "asst_tools")
$stdout.sync = true
puts server.url
$stdin.read
server.stop
