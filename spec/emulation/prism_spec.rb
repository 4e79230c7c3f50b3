# frozen_string_literal: true

require "prompt_tracker/native"
require_relative "../wire/support/court"
require_relative "support/classic"

# What the classic verbs send, and what the server answers, judged by OpenAI's document.
RSpec.describe PromptTracker::Native::Client, "by hand, as OpenAI's document has it", :classic,
               skip: Wire::Court.missing do
  include_context "with OpenAI's document as the judge"

  # The document has no null for the usage of a response that has not ended; real servers have.
  no_usage = "response.body.usage: Response body property usage must be object"

  # The first request of each of the two APIs has Prism read its schemas, for which the judge may not have the patience.
  warm = false
  before do
    define_assistant(background: true)
    3.times do
      break if warm

      start(thread_with("Hello!"))
      warm = true
    rescue PromptTracker::Native::ConnectionError
      next
    end
    server.reset
    judge.forget
  end

  define_method(:expect_no_objection) do
    expect(judge.objections.reject { |objection| objection.end_with?("): #{no_usage}") }).to eq([])
    expect(judge.cases.map(&:status)).to all(be_between(200, 299))
  end

  it "makes requests that the document allows" do
    server.calls_tool("get_weather", { city: "Berlin" }, then_answer: "It is sunny.")
    thread = client.threads.create(
      parameters: { messages: Array.new(21) { |i| { role: "user", content: "m#{i}" } }, metadata: { a: "b" } }
    )["id"]
    message = client.messages.create(thread_id: thread, parameters: { role: "user", content: "Weather?" })
    run = submit(poll(start(thread, metadata: { a: "b" }, additional_messages: [{ role: "user", content: "Now!" }])))
    poll(run)
    client.messages.list(thread_id: thread, parameters: { limit: 2, order: "asc" })
    client.messages.retrieve(thread_id: thread, id: message["id"])
    client.run_steps.list(thread_id: thread, run_id: run["id"])
    client.messages.delete(thread_id: thread, id: message["id"])
    client.threads.modify(id: thread, parameters: { metadata: {} })
    client.threads.retrieve(id: thread)
    client.threads.delete(id: thread)
    expect_no_objection
  end

  it "streams and cancels as the document allows" do
    server.answer("It is sunny.")
    events { |taker| start(thread_with("Weather?"), stream: taker) }
    server.stays
    run = start(thread_with("Weather?"))
    client.runs.cancel(thread_id: run["thread_id"], id: run["id"])
    expect_no_objection
  end

  it "holds a thread here as the document allows" do
    PromptTracker::Native.configure do |c|
      c.background = false
      c.store = false
    end
    server.calls_tool("get_weather", {}, then_answer: "It is sunny.")
    run = submit(start(thread_with("Weather?")))
    start(run["thread_id"])
    expect_no_objection
  end
end
