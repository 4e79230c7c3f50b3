# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: streamed runs", :local_server do
  let(:opening) { %w[thread.run.created thread.run.queued thread.run.in_progress] }
  let(:message_opening) do
    %w[thread.run.step.created thread.run.step.in_progress thread.message.created thread.message.in_progress]
  end
  let(:closing) { %w[thread.message.completed thread.run.step.completed thread.run.completed done] }

  it "sends OpenAI's events in OpenAI's order" do
    server.answer("Hello", deltas: %w[Hel lo])
    reply = post("/threads/runs", thread_and_run(stream: true))
    expect(reply.headers["content-type"]).to eq("text/event-stream; charset=utf-8")
    events = events(reply.text)

    expect(names(events)).to eq(["thread.created", *opening, *message_opening,
                                 "thread.message.delta", "thread.message.delta", *closing])
    expect(events.last).to eq(["done", "[DONE]"])
    expect(said(events)).to eq("Hello")
    expect(data_of(events, "thread.run.completed"))
      .to include("status" => "completed", "usage" => hash_including("total_tokens" => Integer))
    expect(data_of(events, "thread.message.completed").dig("content", 0, "text", "value")).to eq("Hello")
    expect(data_of(events, "thread.message.created")["content"]).to eq([])
  end

  it "has no thread.created on a thread that was there" do
    thread = make_thread("Hi")
    reply = post("/threads/#{thread["id"]}/runs", { assistant_id: LocalServerSupport::ASSISTANT, stream: true })
    expect(names(events(reply.text)).first(3)).to eq(opening)
  end

  it "answers the prompt in deltas of words" do
    events = run_streamed("What's the weather in Berlin?")
    deltas = events.select { |name, _| name == "thread.message.delta" }
    expect(deltas.size).to be > 10
    expect(said(events)).to include("“weather” and “Berlin”")
    expect(said(events)).to eq(data_of(events, "thread.message.completed").dig("content", 0, "text", "value"))
  end

  it "leaves the same at the server as it sent" do
    events = run_streamed
    run = data_of(events, "thread.run.completed")
    expect(get("/threads/#{run["thread_id"]}/runs/#{run["id"]}").json).to eq(run)
    expect(messages_of(run).first).to eq(data_of(events, "thread.message.completed"))
    steps = get("/threads/#{run["thread_id"]}/runs/#{run["id"]}/steps").json["data"]
    expect(steps).to eq([data_of(events, "thread.run.step.completed")])
  end

  it "streams tool calls, and what follows the outputs" do
    server.calls_tool("get_weather", { city: "Berlin", unit: "celsius" }, then_answer: "Sunny.")
    first = run_streamed
    run = data_of(first, "thread.run.requires_action")
    deltas = first.select { |name, _| name == "thread.run.step.delta" }
                  .map { |_, data| data.dig("delta", "step_details", "tool_calls", 0) }
    expect(deltas[0]["function"]).to eq("name" => "get_weather", "arguments" => "", "output" => nil)
    expect(deltas.drop(1).map { |delta| delta.dig("function", "arguments") }.join)
      .to eq('{"city":"Berlin","unit":"celsius"}')
    expect(names(first).last(2)).to eq(%w[thread.run.requires_action done])

    call = run.dig("required_action", "submit_tool_outputs", "tool_calls", 0)
    expect(call["id"]).to eq(deltas[0]["id"])
    second = events(post("/threads/#{run["thread_id"]}/runs/#{run["id"]}/submit_tool_outputs",
                         { tool_outputs: [{ tool_call_id: call["id"], output: "21" }], stream: true }).text)
    expect(names(second)).to eq(["thread.run.step.completed", "thread.run.queued", "thread.run.in_progress",
                                 *message_opening, "thread.message.delta", *closing])
    expect(said(second)).to eq("Sunny.")
  end

  {
    "failed" => %w[thread.message.incomplete thread.run.step.failed thread.run.failed],
    "expired" => %w[thread.message.incomplete thread.run.step.expired thread.run.expired],
    "incomplete" => %w[thread.message.incomplete thread.run.step.completed thread.run.incomplete],
    "cancelled" => %w[thread.run.cancelling thread.message.incomplete thread.run.step.cancelled thread.run.cancelled]
  }.each do |status, last|
    it "ends with #{status} after half an answer" do
      server.ends_with(status, text: "Half an")
      events = run_streamed
      expect(names(events).last(last.size + 1)).to eq([*last, "done"])
      expect(said(events)).to eq("Half an")
    end

    it "ends with #{status} before any answer" do
      server.ends_with(status)
      events = run_streamed
      expect(names(events)).not_to include("thread.message.created")
      expect(names(events).last(2)).to eq(["thread.run.#{status}", "done"])
    end
  end

  it "ends when the run is cancelled" do
    server.stays
    socket = open_stream("/threads/runs", thread_and_run(stream: true))
    text = read_until(socket, "thread.run.in_progress")
    run, thread = text.match(/"id":"(run_\w+)".*?"thread_id":"(thread_\w+)"/m).captures
    expect(socket.wait_readable(0.2)).to be_nil

    post("/threads/#{thread}/runs/#{run}/cancel")
    expect(seconds { text << read_until(socket, "[DONE]") }).to be_at_once
    expect(text).to include("event: thread.run.cancelling", "event: thread.run.cancelled")
  ensure
    socket&.close
  end

  it "frees its thread when the client leaves" do
    @server = PromptTracker::Native::LocalServer.start(threads: 1)
    server.stays
    open_stream("/threads/runs", thread_and_run(stream: true)).tap { |socket| read_until(socket, "in_progress") }.close
    expect(seconds { expect(get("/models").status).to eq(200) }).to be_at_once
  end

  it "has the documented shapes", :schemas do
    server.calls_tool("f", { a: 1 }).ends_with("failed", text: "Half").answer("Whole")
    3.times do
      run_streamed.map(&:last).each do |data|
        next unless data.is_a?(Hash)

        name = { "thread" => "ThreadObject", "thread.run" => "RunObject", "thread.run.step" => "RunStepObject",
                 "thread.message" => "MessageObject" }[data["object"]]
        expect_schema(name, data) if name
      end
    end
  end
end
