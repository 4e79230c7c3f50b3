# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: runs without a stream", :local_server do
  it "is queued, then completed, with an answer that quotes the prompt" do
    thread = make_thread("What's the weather in Berlin?")
    run = post("/threads/#{thread["id"]}/runs", { assistant_id: LocalServerSupport::ASSISTANT }).json
    expect(run).to include("id" => /\Arun_[A-Za-z0-9]{24}\z/, "status" => "queued", "usage" => nil,
                           "assistant_id" => LocalServerSupport::ASSISTANT, "thread_id" => thread["id"])

    done = get("/threads/#{thread["id"]}/runs/#{run["id"]}").json
    expect(done["status"]).to eq("completed")
    usage = done["usage"]
    expect(usage["prompt_tokens"]).to be_between(10, 50)
    expect(usage["total_tokens"]).to eq(usage["prompt_tokens"] + usage["completion_tokens"])

    message = messages_of(done).first
    expect(message).to include("role" => "assistant", "run_id" => run["id"], "status" => "completed")
    expect(message.dig("content", 0, "text", "value")).to include("“weather”", "“Berlin”", "local stand-in")
  end

  it "is completed for one who only lists messages" do
    run = post("/threads/runs", thread_and_run).json
    expect(messages_of(run).first["role"]).to eq("assistant")
  end

  it "is in progress until its delay is over" do
    server.answer("Hi", delay: 0.15)
    run = post("/threads/runs", thread_and_run).json
    path = "/threads/#{run["thread_id"]}/runs/#{run["id"]}"
    expect(get(path).json).to include("status" => "in_progress", "started_at" => Integer, "completed_at" => nil)
    sleep 0.16
    expect(get(path).json).to include("status" => "completed", "completed_at" => Integer)
  end

  it "is in progress for a number of polls" do
    server.answer("Hi", polls: 2)
    run = post("/threads/runs", thread_and_run).json
    statuses = Array.new(4) { get("/threads/#{run["thread_id"]}/runs/#{run["id"]}").json["status"] }
    expect(statuses).to eq(%w[in_progress in_progress completed completed])
  end

  it "takes what the request says" do
    fields = { model: "gpt-5", instructions: "Be brief.", temperature: 0.3, top_p: 0.9, metadata: { a: "b" },
               max_completion_tokens: 500, tool_choice: "none", parallel_tool_calls: false,
               truncation_strategy: { type: "last_messages", last_messages: 3 },
               tools: [{ type: "function", function: { name: "f", parameters: {} } }] }
    expect(post("/threads/runs", thread_and_run(**fields)).json)
      .to include(JSON.parse(JSON.generate(fields)))
  end

  it "adds instructions and messages" do
    thread = make_thread("One")
    run = post("/threads/#{thread["id"]}/runs",
               { assistant_id: LocalServerSupport::ASSISTANT, additional_instructions: "Also this.",
                 additional_messages: [{ role: "user", content: "Two" }] }).json
    expect(run["instructions"]).to end_with("\n\nAlso this.")
    expect(messages_of(run).map { |message| message.dig("content", 0, "text", "value") }.last(2)).to eq(%w[Two One])
  end

  it "lists and modifies" do
    thread = make_thread("Hi")
    ids = Array.new(3) do
      run = post("/threads/#{thread["id"]}/runs", { assistant_id: LocalServerSupport::ASSISTANT }).json
      get("/threads/#{thread["id"]}/runs/#{run["id"]}")
      run["id"]
    end
    expect(get("/threads/#{thread["id"]}/runs?order=asc").json["data"].map { |run| run["id"] }).to eq(ids)
    expect(post("/threads/#{thread["id"]}/runs/#{ids[0]}", { metadata: { a: "b" } }).json["metadata"]).to eq("a" => "b")
  end

  it "shows the runs of all threads to the spec" do
    server.answer("x").ends_with("failed")
    2.times { post("/threads/runs", thread_and_run) }
    expect(server.runs.map { |run| run["status"] }).to eq(%w[completed failed])
  end

  it "allows one active run a thread" do
    server.stays
    thread = make_thread("Hi")
    first = post("/threads/#{thread["id"]}/runs", { assistant_id: LocalServerSupport::ASSISTANT }).json
    reply = post("/threads/#{thread["id"]}/runs", { assistant_id: LocalServerSupport::ASSISTANT })
    expect(reply.status).to eq(400)
    expect(reply.error["message"]).to eq("Thread #{thread["id"]} already has an active run #{first["id"]}.")
  end

  it "refuses an empty thread with an assistant that has no instructions" do
    id = post("/assistants", { model: "gpt-4o" }).json["id"]
    reply = post("/threads/#{make_thread["id"]}/runs", { assistant_id: id })
    expect(reply.status).to eq(400)
    expect(reply.error["code"]).to eq("invalid_thread")
  end

  it "answers 404 for a thread or run that is not there" do
    expect(post("/threads/thread_none/runs", { assistant_id: LocalServerSupport::ASSISTANT }).status).to eq(404)
    reply = get("/threads/#{make_thread["id"]}/runs/run_none")
    expect(reply.error["message"]).to eq("No run found with id 'run_none'.")
  end

  it "cancels: cancelling, then cancelled" do
    server.stays("in_progress", text: "I was about to")
    run = post("/threads/runs", thread_and_run).json
    path = "/threads/#{run["thread_id"]}/runs/#{run["id"]}"
    get(path)
    expect(post("#{path}/cancel").json["status"]).to eq("cancelling")
    expect(get(path).json).to include("status" => "cancelled", "cancelled_at" => Integer, "expires_at" => nil)
    expect(messages_of(run).first).to include("status" => "incomplete",
                                              "incomplete_details" => { "reason" => "run_cancelled" })
    reply = post("#{path}/cancel")
    expect(reply.status).to eq(400)
    expect(reply.error["message"]).to eq("Cannot cancel run with status 'cancelled'.")
  end

  it "has the documented shapes in every state", :schemas do
    server.ends_with("failed").ends_with("incomplete", text: "Half").calls_tool("f", { a: 1 }).ends_with("expired")
    runs = Array.new(5) { run_polled }
    expect(runs.map { |run| run["status"] }).to eq(%w[failed incomplete requires_action expired completed])
    runs.each { |run| expect_schema("RunObject", run) }
    expect_schema("RunObject", post("/threads/runs", thread_and_run).json)
    expect_schema("ListRunsResponse", get("/threads/#{runs[0]["thread_id"]}/runs").json)
  end
end

RSpec.describe "LocalServer: tool calls without a stream", :local_server do
  let(:run) { run_polled("What's the weather?") }
  let(:path) { "/threads/#{run["thread_id"]}/runs/#{run["id"]}" }
  let(:calls) { run.dig("required_action", "submit_tool_outputs", "tool_calls") }

  def submit(*outputs, **more)
    given = calls.zip(outputs).map { |call, output| { tool_call_id: call["id"], output: output } }
    post("#{path}/submit_tool_outputs", { tool_outputs: given, **more })
  end

  it "asks, and goes on with the outputs" do
    server.calls_tool("get_weather", { city: "Berlin" }, then_answer: ->(out) { "It is #{out["get_weather"]}." })
    expect(run["status"]).to eq("requires_action")
    expect(calls).to match([{ "id" => /\Acall_[A-Za-z0-9]{24}\z/, "type" => "function",
                              "function" => { "name" => "get_weather", "arguments" => '{"city":"Berlin"}' } }])

    expect(submit("21 degrees").json).to include("status" => "queued", "required_action" => nil)
    expect(get(path).json["status"]).to eq("completed")
    expect(messages_of(run).first.dig("content", 0, "text", "value")).to eq("It is 21 degrees.")
  end

  it "answers by itself with the outputs where no answer was given" do
    server.calls_tools([["a", {}], ["b", "{broken"]])
    expect(calls[1].dig("function", "arguments")).to eq("{broken")
    submit("one", "two")
    expect(messages_of(run).first.dig("content", 0, "text", "value")).to include("a says: one", "b says: two")
  end

  it "calls again when the next script says so" do
    server.calls_tool("first").calls_tool("second").answer("Done.")
    submit("x")
    again = get(path).json
    expect(again.dig("required_action", "submit_tool_outputs", "tool_calls", 0, "function", "name")).to eq("second")
    id = again.dig("required_action", "submit_tool_outputs", "tool_calls", 0, "id")
    post("#{path}/submit_tool_outputs", { tool_outputs: [{ tool_call_id: id, output: "y" }] })
    expect(get(path).json["status"]).to eq("completed")
    expect(messages_of(run).first.dig("content", 0, "text", "value")).to eq("Done.")
  end

  it "refuses outputs for other calls, and of a run that does not wait for any" do
    server.calls_tool("f")
    reply = post("#{path}/submit_tool_outputs", { tool_outputs: [] })
    expect(reply.status).to eq(400)
    expect(reply.error["message"]).to include(calls[0]["id"])
    submit("x")
    get(path)
    expect(submit("x").error["message"]).to eq('Runs in status "completed" do not accept tool outputs.')
  end

  it "can be cancelled" do
    server.calls_tool("f")
    expect(post("#{path}/cancel").json["status"]).to eq("cancelling")
    expect(get(path).json).to include("status" => "cancelled", "required_action" => nil)
  end

  it "keeps its steps", :schemas do
    server.calls_tool("f", { a: 1 }, then_answer: "Done.")
    submit("out")
    steps = get("#{path}/steps?order=asc").json
    expect_schema("ListRunStepsResponse", steps)
    expect(steps["data"].map { |step| [step["type"], step["status"]] })
      .to eq([%w[tool_calls completed], %w[message_creation completed]])
    call = steps["data"][0].dig("step_details", "tool_calls", 0, "function")
    expect(call).to eq("name" => "f", "arguments" => '{"a":1}', "output" => "out")
    id = steps["data"][1]["id"]
    expect(get("#{path}/steps/#{id}").json).to eq(steps["data"][1])
    expect(get("#{path}/steps/step_none").status).to eq(404)
  end
end
