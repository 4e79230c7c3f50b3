# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: scripts for runs", :local_server do
  def texts(run) = messages_of(run).select { |message| message["run_id"] }.reverse.map { |message| text(message) }

  def text(message) = message.dig("content", 0, "text", "value")

  it "consumes answers in order, then the built-in assistant answers" do
    server.answer("one").answer("two", times: 2)
    said = Array.new(4) { texts(run_polled).first }
    expect(said.first(3)).to eq(%w[one two two])
    expect(said.last).to include("stand-in")
  end

  it "answers always" do
    server.answer("same", times: :always)
    expect(Array.new(3) { said(run_streamed) }).to eq(%w[same same same])
  end

  it "answers by the prompt" do
    server.answer { |prompt| "You said: #{prompt}" }
    expect(said(run_streamed("Hi 🌍"))).to eq("You said: Hi 🌍")
  end

  it "answers a Hash as JSON, and several texts as several messages" do
    server.answer({ score: 5 }).answer(%w[First Second])
    expect(texts(run_polled)).to eq(['{"score":5}'])
    events = run_streamed
    expect(events.count { |name, _| name == "thread.message.completed" }).to eq(2)
    expect(texts(data_of(events, "thread.run.completed"))).to eq(%w[First Second])
  end

  it "keeps scripts for one assistant apart" do
    server.answer("for B", assistant_id: "asst_B").answer("for any")
    expect(texts(run_polled)).to eq(["for any"])
    expect(texts(run_polled(assistant_id: "asst_B"))).to eq(["for B"])
  end

  it "reports the usage that was given, or null" do
    server.answer("x", usage: { prompt_tokens: 7, completion_tokens: 8, total_tokens: 15 }).answer("y", usage: nil)
    expect(run_polled["usage"]).to eq("prompt_tokens" => 7, "completion_tokens" => 8, "total_tokens" => 15)
    expect(run_polled["usage"]).to be_nil
  end

  it "cuts the text as told" do
    server.answer("Hello", deltas: %w[H ell o])
    deltas = run_streamed.select { |name, _| name == "thread.message.delta" }
    expect(deltas.map { |_, data| data.dig("delta", "content", 0, "text", "value") }).to eq(%w[H ell o])
  end

  it "fails with the error that was given" do
    server.ends_with(:failed, last_error: { code: "rate_limit_exceeded", message: "No quota" })
    run = run_polled
    expect(run).to include("status" => "failed", "failed_at" => Integer,
                           "last_error" => { "code" => "rate_limit_exceeded", "message" => "No quota" })
  end

  it "ends incomplete, expired and cancelled" do
    server.ends_with("incomplete", text: "Half", reason: "max_prompt_tokens")
    server.ends_with("expired").ends_with("cancelled")
    run = run_polled
    expect(run).to include("status" => "incomplete", "incomplete_details" => { "reason" => "max_prompt_tokens" })
    expect(texts(run)).to eq(["Half"])
    expect(Array.new(2) { run_polled["status"] }).to eq(%w[expired cancelled])
  end

  it "ends with a tool call nobody asked for" do
    server.ends_with("requires_action")
    calls = run_polled.dig("required_action", "submit_tool_outputs", "tool_calls")
    expect(calls.map { |call| call.dig("function", "name") }).to eq(%w[lookup])
  end

  it "stays queued or in progress" do
    server.stays("queued").stays("in_progress", text: "Let me")
    run = run_polled
    expect(run["status"]).to eq("queued")
    run = run_polled
    expect(run["status"]).to eq("in_progress")
    expect(messages_of(run).first["status"]).to eq("in_progress")
    expect(texts(run)).to eq(["Let me"])
  end

  it "refuses what makes no sense" do
    expect { server.ends_with("happy") }.to raise_error(ArgumentError, /can't end with "happy"/)
    expect { server.stays("completed") }.to raise_error(ArgumentError, /can't stay/)
    expect { server.answer("x", times: 0) }.to raise_error(ArgumentError, /times/)
    expect { server.answer("x", usage: 5) }.to raise_error(ArgumentError, /usage/)
    expect { server.fails_with("x") }.to raise_error(ArgumentError, /status.*"x"/)
    expect { server.fails_with(429, delay: "soon") }.to raise_error(ArgumentError, /delay.*"soon"/)
    expect { server.raw(status: nil) }.to raise_error(ArgumentError, /status.*nil/)
    expect { server.answer("\xFF") }.to raise_error(ArgumentError, /UTF-8/)
    expect { server.answer(%w[a b], deltas: %w[a]) }.to raise_error(ArgumentError, /several/)
    expect { server.breaks_stream }.to raise_error(ArgumentError, /after: or bytes:/)
    expect { server.breaks_stream(bytes: 1, how: :boom) }.to raise_error(ArgumentError, /how/)
    expect { server.fails_with(500, on: "threads") }.to raise_error(ArgumentError, /on:/)
    expect { server.quirk(:happy) }.to raise_error(ArgumentError, /unknown quirk :happy/)
  end

  it "cites, adds images, and refuses" do
    server.answer("See the file.", images: 1, annotations: [
                    { type: "file_citation", file_id: "file-1", filename: "a.pdf", index: 3 },
                    { type: "container_file_citation", container_id: "cntr_1", file_id: "file-2", filename: "b.csv",
                      start_index: 1, end_index: 2 },
                    { type: "url_citation", url: "https://example.com/", title: "x", start_index: 0, end_index: 1 }
                  ], times: 2).refuses("No.", times: 2)
    block, image = messages_of(run_polled).first["content"]
    expect(image["type"]).to eq("image_file")
    expect(block.dig("text", "annotations")).to eq(
      [{ "type" => "file_citation", "text" => "", "start_index" => 3, "end_index" => 3,
         "file_citation" => { "file_id" => "file-1" } },
       { "type" => "file_path", "text" => "", "start_index" => 1, "end_index" => 2,
         "file_path" => { "file_id" => "file-2" } }]
    )
    deltas = run_streamed.select { |name, _| name == "thread.message.delta" }
    expect(deltas.flat_map { |_, data| data.dig("delta", "content", 0, "text", "annotations") || [] }
                 .map { |annotation| annotation["index"] }).to eq([0, 1])

    expect(messages_of(run_polled).first["content"]).to eq([{ "type" => "refusal", "refusal" => "No." }])
    delta = data_of(run_streamed, "thread.message.delta").dig("delta", "content", 0)
    expect(delta).to eq("index" => 0, "type" => "refusal", "refusal" => "No.")
  end

  it "has the documented shapes with these", :schemas do
    server.answer("See.", annotations: [{ type: "file_citation", file_id: "file-1", filename: "a.pdf", index: 3 }])
    server.refuses
    2.times { expect_schema("MessageObject", messages_of(run_polled).first) }
  end

  it "can be scripted from many threads while runs take the scripts" do
    server
    writer = Thread.new { 50.times { |n| server.answer("answer #{n}") } }
    writer.join
    said = Array.new(5) { Thread.new { Array.new(10) { said(run_streamed) } } }.flat_map(&:value)
    expect(said.sort).to eq(Array.new(50) { |n| "answer #{n}" }.sort)
  end

  describe "with a delay for all" do
    def server_options = { delay: 1 }

    it "takes that long where the script does not say" do
      server.answer("quick", delay: 0)
      expect(seconds { run_streamed }).to be < 1
      expect(seconds { run_streamed }).to be >= 1
    end
  end
end

RSpec.describe "LocalServer: broken streams", :local_server do
  def receive = read_broken("/threads/runs", thread_and_run(stream: true))

  def run_at_server(text)
    run = data_of(events(text), "thread.run.created")
    get("/threads/#{run["thread_id"]}/runs/#{run["id"]}").json
  end

  it "breaks off after an event; the run goes on" do
    server.breaks_stream(after: :run_created).answer("Done anyway")
    text, ended = receive
    expect(ended).to eq(EOFError)
    expect(names(events(text))).to eq(%w[thread.created thread.run.created])
    run = run_at_server(text)
    expect(run["status"]).to eq("completed")
    expect(messages_of(run).first.dig("content", 0, "text", "value")).to eq("Done anyway")
  end

  it "goes on in its own time" do
    server.breaks_stream(after: :run_in_progress).answer("Later", delay: 0.15)
    text, = receive
    expect(run_at_server(text)["status"]).to eq("in_progress")
    sleep 0.16
    expect(run_at_server(text)["status"]).to eq("completed")
  end

  it "breaks off after a number of events, or a named one" do
    server.breaks_stream(after: 4).breaks_stream(after: "thread.message.created").breaks_stream(after: :message_delta)
    expect(names(events(receive.first)).size).to eq(4)
    expect(names(events(receive.first)).last).to eq("thread.message.created")
    expect(names(events(receive.first)).last).to eq("thread.message.delta")
    expect(names(run_streamed).last).to eq("done")
  end

  it "breaks off after a number of bytes" do
    server.breaks_stream(bytes: 777)
    text, ended = receive
    expect([text.bytesize, ended]).to eq([777, EOFError])
  end

  it "resets the connection" do
    server.breaks_stream(after: 2, how: :reset)
    expect(receive.last).to eq(Errno::ECONNRESET)
  end

  it "sends an error event" do
    server.breaks_stream(after: :run_in_progress, how: :error)
    text, ended = receive
    expect(ended).to be_nil
    expect(names(events(text)).last(2)).to eq(%w[error done])
    expect(data_of(events(text), "error")).to include("type" => "server_error", "message" => /error/)
  end

  it "breaks chat off too" do
    server.breaks_stream(after: 3)
    body = { model: "gpt-4o", stream: true, messages: [{ role: "user", content: "Hi" }] }
    expect { post("/chat/completions", body) }.to raise_error(EOFError)
  end
end

RSpec.describe "LocalServer: scripts for requests", :local_server do
  it "fails one request, as OpenAI would" do
    server.fails_with(429, headers: { "Retry-After" => 2 }, on: "POST /threads/runs")
    expect(get("/models").status).to eq(200)
    reply = post("/threads/runs", thread_and_run)
    expect(reply.status).to eq(429)
    expect(reply.headers["retry-after"]).to eq("2")
    expect(reply.error).to include("code" => "rate_limit_exceeded")
    expect(post("/threads/runs", thread_and_run).status).to eq(200)
  end

  it "fails with the body that was given" do
    server.fails_with(500, body: { error: "boom" }).fails_with(502, body: "<html>Bad gateway</html>", times: 2)
    reply = get("/models")
    expect([reply.status, reply.json]).to eq([500, { "error" => "boom" }])
    2.times do
      reply = get("/models")
      expect([reply.status, reply.text]).to eq([502, "<html>Bad gateway</html>"])
      expect(reply.headers["content-type"]).to start_with("text/html")
    end
    expect(get("/models").status).to eq(200)
  end

  it "finds requests by pattern" do
    thread = make_thread("Hi")
    server.fails_with(418, on: "GET /threads/{thread_id}").fails_with(419, on: %r{GET /threads/.*/runs})
    server.fails_with(420, on: "* /models/*")
    expect(get("/threads/#{thread["id"]}/messages").status).to eq(200)
    expect(get("/threads/#{thread["id"]}/runs").status).to eq(419)
    expect(get("/threads/#{thread["id"]}").status).to eq(418)
    expect(get("/models/gpt-4o").status).to eq(420)
  end

  it "answers anything, exactly" do
    server.quirk(:truncated_json).quirk(:wrong_content_type)
    server.raw(on: "POST /threads", status: 207, headers: { "X-Odd" => "yes" }, body: "{not json")
    reply = post("/threads", {})
    expect([reply.status, reply.text, reply.headers["x-odd"], reply.headers["content-type"]])
      .to eq([207, "{not json", "yes", "application/json"])
  end

  it "plays parts of a stream one by one" do
    server.raw(on: "POST /threads/runs", body: ["event: a\n", "data: {}\n\n", "data: [DO", "NE]\n\n"])
    reply = post("/threads/runs", thread_and_run(stream: true))
    expect(reply.headers).to include("content-type" => "text/event-stream", "transfer-encoding" => "chunked")
    expect(reply.text).to eq("event: a\ndata: {}\n\ndata: [DONE]\n\n")
  end

  it "waits before it answers" do
    server.raw(body: "late", delay: 0.1).fails_with(500, delay: 0.1)
    expect(seconds { get("/models") }).to be >= 0.1
    expect(seconds { get("/models") }).to be >= 0.1
  end

  it "drops a connection after it read the request" do
    server.drops(on: "POST /threads/runs").drops(on: "POST /threads", how: :reset)
    expect { post("/threads/runs", thread_and_run) }.to raise_error(EOFError)
    expect { post("/threads", {}) }.to raise_error(Errno::ECONNRESET)
    expect(server.requests.map(&:to_s)).to eq(["POST /v1/threads/runs", "POST /v1/threads"])
    expect(post("/threads", {}).status).to eq(200)
  end

  it "drops a kept connection too" do
    server.drops(on: "GET /threads/*")
    http do |connection|
      expect(get("/models", on: connection).status).to eq(200)
      expect { get("/threads/x", on: connection) }.to raise_error(EOFError)
    end
  end
end
