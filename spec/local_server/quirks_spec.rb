# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: quirks", :local_server do
  let(:quirks) { PromptTracker::Native::LocalServer::QUIRKS }

  # Without a stream and with one, as a block's argument: the run, and the message.
  def each_flow(*prompt)
    run = run_polled(*prompt)
    yield run, messages_of(run).first
    events = run_streamed(*prompt)
    run = events.reverse.map(&:last).find { |data| data.is_a?(Hash) && data["object"] == "thread.run" }
    yield run, events.map(&:last).select { |data| data.is_a?(Hash) && data["object"] == "thread.message" }.last
  end

  def blocks(message, *path) = message["content"].map { |block| block.dig(*path) }

  it "have a description each" do
    expect(quirks).to be_frozen
    expect(quirks.keys).to all(be_a(Symbol))
    expect(quirks.values).to all(match(/\A\S.{15,}[^.]\z/))
  end

  it "are set, listed and taken away" do
    server.quirk(:crlf).quirk(:big_body, bytes: 10)
    expect(server.quirks).to eq(%i[crlf big_body])
    server.quirks = { no_done: {} }
    expect(server.quirks).to eq(%i[no_done])
    server.quirks = []
    expect(server.quirks).to eq([])
  end

  it "created_201" do
    server.quirk(:created_201)
    expect(post("/threads", {}).status).to eq(201)
    expect(post("/threads/runs", thread_and_run).status).to eq(201)
    expect(post("/assistants", { model: "gpt-4o" }).status).to eq(201)
    expect(post("/threads/#{make_thread["id"]}/messages", { role: "user", content: "x" }).status).to eq(201)
    expect(get("/models").status).to eq(200)
  end

  it "uuid_ids" do
    server.quirk(:uuid_ids)
    uuid = /\A\h{8}-\h{4}-\h{4}-\h{4}-\h{12}\z/
    each_flow do |run, message|
      expect([run["id"], run["thread_id"], message["id"]]).to all(match(uuid))
      expect(message["run_id"]).to eq(run["id"])
    end
    assistant = post("/assistants", { model: "gpt-4o" }).json["id"]
    expect(assistant).to match(uuid)
    expect(run_polled(assistant_id: assistant)["status"]).to eq("completed")
  end

  it "unordered_lists" do
    run = run_polled("Hi")
    server.quirk(:unordered_lists)
    list = get("/threads/#{run["thread_id"]}/messages?limit=1&order=desc").json
    expect(list["data"].map { |message| message["role"] }).to eq(%w[user assistant])
    expect(list["has_more"]).to be(false)
  end

  it "shuffled_lists" do
    thread = make_thread(*Array.new(20, &:to_s))
    texts = lambda do |seed|
      server.quirk(:shuffled_lists, seed: seed)
      get("/threads/#{thread["id"]}/messages?limit=1").json["data"].flat_map { |one| blocks(one, "text", "value") }
    end
    expect(texts[1].sort).to eq(Array.new(20, &:to_s).sort)
    expect(texts[1]).not_to eq(texts[2])
    expect(texts[1]).to eq(texts[1])
  end

  it "json_for_stream" do
    server.quirk(:json_for_stream)
    reply = post("/threads/runs", thread_and_run(stream: true))
    expect(reply.headers["content-type"]).to eq("application/json")
    expect(reply.json).to include("object" => "thread.run", "status" => "queued")
    body = { model: "gpt-4o", stream: true, messages: [{ role: "user", content: "Hi" }] }
    expect(post("/chat/completions", body).json["object"]).to eq("chat.completion")
  end

  it "blocking_create" do
    server.quirk(:blocking_create).answer("x", delay: 0.1).calls_tool("f", {}, then_answer: "y")
    took = seconds { expect(post("/threads/runs", thread_and_run).json["status"]).to eq("completed") }
    expect(took).to be >= 0.1
    run = post("/threads/runs", thread_and_run).json
    call = run.dig("required_action", "submit_tool_outputs", "tool_calls", 0)
    expect(call["type"]).to eq("function")
    reply = post("/threads/#{run["thread_id"]}/runs/#{run["id"]}/submit_tool_outputs",
                 { tool_outputs: [{ tool_call_id: call["id"], output: "z" }] })
    expect(reply.json["status"]).to eq("completed")
  end

  it "failed_200" do
    server.quirk(:failed_200)
    [nil, true].each do |stream|
      reply = post("/threads/runs", thread_and_run(stream: stream))
      expect([reply.status, reply.json["status"]]).to eq([200, "failed"])
      expect(reply.json["last_error"]).to include("message" => "The run failed at once.")
    end
  end

  it "text_as_string" do
    server.quirk(:text_as_string).answer("Hello", times: 3)
    each_flow { |_, message| expect(message["content"]).to eq([{ "type" => "text", "text" => "Hello" }]) }
    server.quirk(:text_as_string, deltas: true)
    expect(data_of(run_streamed, "thread.message.delta").dig("delta", "content", 0, "text")).to eq("Hello")
  end

  it "usage_null" do
    server.quirk(:usage_null)
    each_flow { |run, _| expect(run).to include("status" => "completed", "usage" => nil) }
  end

  it "leftover_required_action" do
    server.quirk(:leftover_required_action)
    each_flow { |run, _| expect(run["required_action"]).to include("type" => "submit_tool_outputs") }
  end

  it "run_missing_fields" do
    server.quirk(:run_missing_fields)
    each_flow { |run, _| expect(run.keys.sort).to eq(%w[id object status thread_id]) }
    server.ends_with("failed")
    expect(run_polled["last_error"]).to include("message" => String)
  end

  it "extra_fields" do
    server.quirk(:extra_fields)
    each_flow { |run, message| expect([run, message]).to all(include("obfuscation", "x_region")) }
    delta = data_of(run_streamed, "thread.message.delta")
    expect(delta).to include("obfuscation", "delta" => hash_including("logprobs" => []))
  end

  it "several_messages" do
    server.quirk(:several_messages).answer("Final", times: 2)
    each_flow do |run, message|
      texts = messages_of(run).map { |one| one.dig("content", 0, "text", "value") }
      expect(texts.first(2)).to eq(["Final", "Let me think about that."])
      expect(message.dig("content", 0, "text", "value")).to eq("Final")
    end
  end

  it "image_blocks" do
    server.quirk(:image_blocks).answer("Look", times: 2)
    each_flow { |_, message| expect(blocks(message, "type")).to eq(%w[image_file text image_file]) }
  end

  it "text_blocks" do
    server.quirk(:text_blocks).answer("One\n\nTwo\n\nThree", times: 2)
    each_flow { |_, message| expect(blocks(message, "text", "value")).to eq(%w[One Two Three]) }
  end

  it "text_blocks, of a text without blank lines" do
    server.quirk(:text_blocks).answer("a b c d", times: 2)
    each_flow { |_, message| expect(blocks(message, "text", "value")).to eq(["a b", "c d"]) }
  end

  it "empty_content" do
    server.quirk(:empty_content)
    each_flow { |run, message| expect([run["status"], message["content"]]).to eq(["completed", []]) }
  end

  it "no_text" do
    server.quirk(:no_text)
    each_flow { |_, message| expect(blocks(message, "type")).to eq(%w[image_file]) }
  end

  said = "The request is not valid."
  {
    error_minimal: [:json, { "error" => { "message" => said, "type" => "invalid_request_error", "code" => nil } }],
    error_string: [:json, { "error" => said }],
    error_message: [:json, { "message" => said }],
    error_list: [:json, { "success" => false, "error" => [{ "message" => said, "path" => [] }] }],
    error_problem: [:json, { "type" => "about:blank", "title" => "invalid_request_error", "status" => 400,
                             "detail" => said }, "application/problem+json"],
    error_text: [:text, said, "text/plain; charset=utf-8"],
    error_html: [:text, %r{<h1>#{said}</h1>}, "text/html; charset=utf-8"]
  }.each do |name, (kind, body, type)|
    it name.to_s do
      server.quirk(name).fails_with(400)
      reply = post("/threads/runs", thread_and_run(stream: true))
      expect([reply.status, reply.headers["content-type"]]).to eq([400, type || "application/json"])
      expect(reply.public_send(kind)).to match(body)
      expect(get("/nothing").status).to eq(404)
    end
  end

  it "assistants_gone" do
    server.quirk(:assistants_gone)
    reply = post("/threads/runs", thread_and_run(stream: true))
    expect([reply.status, reply.error["message"]]).to eq([404, "Invalid URL (POST /v1/threads/runs)"])
    expect(get("/models").status).to eq(200)
    server.quirk(:assistants_gone, status: 410)
    expect(get("/assistants").status).to eq(410)
  end

  it "after_shutdown" do
    server.quirk(:after_shutdown)
    expect([post("/threads", {}), post("/threads/runs", thread_and_run), get("/assistants")].map(&:status).uniq)
      .to eq([404])
    expect(get("/assistants").error).to include("message" => "Invalid URL (GET /v1/assistants)",
                                                "type" => "invalid_request_error")
    expect([respond.status, post("/conversations", {}).status]).to eq([200, 200])
  end

  it "plays every quirk with every flow, and is well afterwards" do
    requests = [["/threads/runs", thread_and_run(stream: true)], ["/threads/runs", thread_and_run],
                ["/chat/completions", { model: "gpt-4o", messages: [{ role: "user", content: "Hi 🌍" }] }]]
    requests << ["/chat/completions", requests.last[1].merge(stream: true)]
    requests += [["/responses", response_body], ["/responses", response_body(stream: true)], ["/conversations", {}]]
    quirks.each_key do |name|
      options = { stays_open: { seconds: 0.05 }, big_body: { bytes: 5000 } }.fetch(name, {})
      server.reset.quirk(name, **options)
      statuses = requests.map { |path, body| post(path, body).status }
      expect(statuses - [200, 201, 302, 404]).to eq([]), "#{name}: #{statuses}"
    end
    server.reset
    expect(said(run_streamed("Hi"))).to include("stand-in")
  end
end
