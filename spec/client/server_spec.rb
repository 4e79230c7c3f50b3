# frozen_string_literal: true

require "prompt_tracker/native"
require_relative "support/clean_environment"

# The client against a server: what is sent, and what comes back.
RSpec.describe PromptTracker::Native::Client, "with a server" do
  include_context "with a clean environment"

  before(:context) { @server = PromptTracker::Native::LocalServer.start }
  after(:context) { @server.stop }
  before { @server.reset }

  let(:server) { @server }
  let(:client) { described_class.new(uri_base: server.url, access_token: "key-for-specs") }

  def thread_with(content)
    client.threads.create["id"].tap do |id|
      client.messages.create(thread_id: id, parameters: { role: "user", content: content })
    end
  end

  it "asks an assistant, one request after the other" do
    server.answer("It is sunny. ☀", polls: 1)
    thread_id = thread_with("What's the weather?")
    run = client.runs.create(thread_id: thread_id, parameters: { assistant_id: "asst_1" })
    2.times { run = client.runs.retrieve(thread_id: thread_id, id: run["id"]) }
    expect(run).to include("status" => "completed", "assistant_id" => "asst_1")

    list = client.messages.list(thread_id: thread_id, parameters: { order: "desc", limit: 1 })
    expect(list["data"].map { |message| message.dig("content", 0, "text", "value") }).to eq(["It is sunny. ☀"])
    expect(client.run_steps.list(thread_id: thread_id, run_id: run["id"])["data"]).not_to be_empty
    expect(server.requests.map(&:to_s))
      .to eq(["POST /v1/threads", "POST /v1/threads/#{thread_id}/messages", "POST /v1/threads/#{thread_id}/runs",
              "GET /v1/threads/#{thread_id}/runs/#{run["id"]}", "GET /v1/threads/#{thread_id}/runs/#{run["id"]}",
              "GET /v1/threads/#{thread_id}/messages", "GET /v1/threads/#{thread_id}/runs/#{run["id"]}/steps"])
  end

  it "sends key, organization, project, beta and the body's type once each" do
    client = described_class.new(uri_base: server.url, access_token: "key-for-specs", organization_id: "org_1",
                                 project_id: "proj_1", extra_headers: { "X-Team" => "search" })
    client.threads.create
    expect(server.requests.last.headers).to include(
      "authorization" => "Bearer key-for-specs", "openai-organization" => "org_1", "openai-project" => "proj_1",
      "openai-beta" => "assistants=v2", "x-team" => "search", "content-type" => "application/json"
    )
    client.models.list
    expect(server.requests.last.headers.keys).not_to include("openai-beta", "content-type")
  end

  it "uses one connection" do
    5.times { client.threads.create }
    expect(server.connections).to eq(1)
  end

  it "reads, changes and deletes threads and messages" do
    id = thread_with("Hello!")
    expect(client.threads.modify(id: id, parameters: { metadata: { a: "b" } })["metadata"]).to eq("a" => "b")
    expect(client.threads.retrieve(id: id)["metadata"]).to eq("a" => "b")
    message = client.messages.list(thread_id: id)["data"].first
    expect(client.messages.retrieve(thread_id: id, id: message["id"])).to eq(message)
    expect(client.messages.delete(thread_id: id, id: message["id"])).to include("deleted" => true)
    expect(client.threads.delete(id: id)).to include("deleted" => true)
    expect { client.threads.retrieve(id: id) }.to raise_error(PromptTracker::Native::HTTPError) { |e|
      expect(e).to have_attributes(status: 404)
      expect(e).not_to be_retryable
    }
  end

  it "streams a run, with the events' names" do
    server.answer("It is sunny.", deltas: ["It is ", "sunny."])
    names = []
    text = +""
    receiver = lambda do |data, event|
      names << event
      text << data.dig("delta", "content", 0, "text", "value") if event == "thread.message.delta"
    end
    result = client.runs.create(thread_id: thread_with("Hello!"),
                                parameters: { assistant_id: "asst_1", stream: receiver })
    expect(result).to eq("")
    expect(text).to eq("It is sunny.")
    expect(names).to include("thread.run.created", "thread.run.completed")
    expect(names).not_to include("done")
  end

  it "answers a run's tool calls" do
    server.calls_tool("get_weather", { city: "Berlin" }, then_answer: "It is sunny.")
    run = client.runs.create_thread_and_run(
      parameters: { assistant_id: "asst_1", thread: { messages: [{ role: "user", content: "Weather?" }] } }
    )
    ids = { thread_id: run["thread_id"], id: run["id"] }
    run = client.runs.retrieve(**ids) until run["status"] == "requires_action"
    call = run.dig("required_action", "submit_tool_outputs", "tool_calls", 0, "id")
    client.runs.submit_tool_outputs(thread_id: run["thread_id"], run_id: run["id"],
                                    parameters: { tool_outputs: [{ tool_call_id: call, output: "sun" }] })
    run = client.runs.retrieve(**ids) until run["status"] == "completed"
    expect(client.messages.list(thread_id: run["thread_id"])["data"].first.dig("content", 0, "text", "value"))
      .to eq("It is sunny.")
  end

  it "cancels a run" do
    server.stays
    run = client.runs.create(thread_id: thread_with("Hello!"), parameters: { assistant_id: "asst_1" })
    expect(client.runs.cancel(thread_id: run["thread_id"], id: run["id"])["status"]).to match(/cancel/)
    expect(client.runs.list(thread_id: run["thread_id"])["data"].size).to eq(1)
  end

  it "chats, at once and streamed" do
    parameters = { model: "gpt-4o", messages: [{ role: "user", content: "Hello!" }] }
    server.answer("Hello you!", times: 2)
    expect(client.chat(parameters: parameters).dig("choices", 0, "message", "content")).to eq("Hello you!")
    text = +""
    receiver = ->(chunk) { text << chunk.dig("choices", 0, "delta", "content").to_s }
    client.chat(parameters: { **parameters, stream: receiver })
    expect(text).to eq("Hello you!")
  end

  it "lists models and assistants" do
    model = client.models.list["data"].first["id"]
    expect(client.models.retrieve(id: model)["id"]).to eq(model)
    assistant = client.assistants.create(parameters: { model: model, name: "Helper" })
    expect(client.assistants.retrieve(id: assistant["id"])["name"]).to eq("Helper")
    expect(client.assistants.modify(id: assistant["id"], parameters: { name: "Other" })["name"]).to eq("Other")
    expect(client.assistants.list["data"].map { |a| a["id"] }).to include(assistant["id"])
    expect(client.assistants.delete(id: assistant["id"])).to include("deleted" => true)
  end

  it "gives what any path answers" do
    server.raw(on: "GET /files/x/content", body: "plain text")
    expect(client.get(path: "/files/x/content")).to eq("plain text")
    expect { client.get(path: "/a/../b") }.to raise_error(ArgumentError, /path/)
  end

  it "quotes an answer that is no object, without the key" do
    server.raw(on: "POST /threads", body: "<html>key-for-specs</html>")
    expect { client.threads.create }.to raise_error(PromptTracker::Native::AnswerError, /<html>\[hidden\]/)
  end

  it "mends emoji that a server cut in two" do
    server.raw(on: "GET /x", body: "{\"a\":\"\\ud83c\\udf0d\",\"b\":\"\\ud83c\"}")
    answer = client.get(path: "/x")
    expect(answer).to eq("a" => "🌍", "b" => "\uFFFD")
  end

  it "tells what the server said against it" do
    error = { message: "No such field", type: "invalid_request_error", param: "x", code: "c" }
    server.fails_with(400, body: { error: error }, headers: { "x-request-id" => "req_1" })
    expect { client.threads.create }.to raise_error(PromptTracker::Native::HTTPError, /No such field/) { |e|
      expect(e).to have_attributes(status: 400, type: "invalid_request_error", param: "x", code: "c",
                                   request_id: "req_1")
    }
  end

  it "ends by its timeout, or by the deadline where that is earlier" do
    server.raw(on: "GET /models", body: "{}", delay: 20, times: 2)
    client = described_class.new(uri_base: server.url, request_timeout: 0.2)
    expect { client.models.list }.to raise_error(PromptTracker::Native::TimeoutError)
    client = described_class.new(uri_base: server.url)
    at = now
    expect { client.with_deadline(at + 0.2).models.list }.to raise_error(PromptTracker::Native::TimeoutError)
    expect(now - at).to be_at_once
  end

  it "passes on what a stream's proc raises, and works on" do
    parameters = { model: "gpt-4o", messages: [{ role: "user", content: "Hello!" }] }
    expect { client.chat(parameters: { **parameters, stream: ->(_) { raise KeyError, "mine" } }) }
      .to raise_error(KeyError, "mine")
    expect(client.threads.create["id"]).to start_with("thread_")
  end

  it "serves many threads with one client" do
    ids = Array.new(10) { Thread.new { client.threads.create["id"] } }.map(&:value)
    expect(ids.uniq.size).to eq(10)
  end

  it "sends nothing that is not valid text" do
    expect { client.threads.create(parameters: { metadata: { a: "\xFF" } }) }.to raise_error(ArgumentError)
    expect(server.requests).to be_empty
  end

  it "sends text of other encodings as UTF-8" do
    client.threads.create(parameters: { metadata: { a: "é".encode(Encoding::ISO_8859_1) } })
    expect(server.requests.last.body["metadata"]).to eq("a" => "é")
  end
end
