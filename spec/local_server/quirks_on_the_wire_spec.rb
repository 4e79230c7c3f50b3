# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require "zlib"
require_relative "support"

RSpec.describe "LocalServer: quirks of streams", :local_server do
  def stream(prompt = "Hello") = post("/threads/runs", thread_and_run(prompt, stream: true))

  # The chunks of a chunked body, as they were written.
  def chunks(socket)
    text = read_until(socket, "\r\n0\r\n\r\n").b.split("\r\n\r\n", 2).last
    parts = []
    until (size = text.slice!(/\A(\h+)\r\n/).to_i(16)).zero?
      parts << text.slice!(0, size)
      text.slice!(0, 2)
    end
    parts
  end

  it "no_event_lines" do
    server.quirk(:no_event_lines)
    text = stream.text
    expect(text).not_to include("event:")
    expect(events(text).map { |_, data| data.is_a?(Hash) ? data["object"] : data })
      .to include("thread.run", "thread.message.delta", "[DONE]")
    server.quirk(:no_event_lines, kind: :type)
    expect(events(stream.text).map { |_, data| data["type"] }).to include("thread.run.completed")
  end

  it "no_done" do
    server.quirk(:no_done)
    expect(names(events(stream.text)).last).to eq("thread.run.completed")
  end

  it "crlf" do
    server.quirk(:crlf).answer("Hello")
    expect(stream.text.gsub("\r\n", "")).not_to include("\n")
    expect(said(events(stream.text))).not_to be_empty
  end

  it "comments, no_space and bom" do
    server.quirk(:comments).quirk(:no_space).quirk(:bom).answer("Hello")
    text = stream.text
    expect(text).to start_with("\uFEFF: connected\nretry:3000\n\n")
      .and include(": keep-alive\nid:1\nevent:thread.created\n")
    expect(said(events(text))).to eq("Hello")
  end

  it "split_data" do
    server.quirk(:split_data).answer(%(a, "b"))
    text = stream.text
    expect(text.scan(/^data: /).size).to be > 100
    expect(said(events(text))).to eq(%(a, "b"))
  end

  it "bytewise" do
    server.quirk(:bytewise).answer("Ü🌍")
    socket = open_stream("/threads/runs", thread_and_run(stream: true))
    parts = chunks(socket)
    expect(parts.map(&:bytesize).uniq).to eq([1])
    expect(said(events(parts.join.force_encoding("UTF-8")))).to eq("Ü🌍")
  ensure
    socket&.close
  end

  it "random_cuts" do
    server.quirk(:random_cuts, longest: 7).answer("Ü🌍")
    socket = open_stream("/threads/runs", thread_and_run(stream: true))
    parts = chunks(socket)
    expect(parts.map(&:bytesize)).to all(be <= 7)
    expect(parts.map { |part| part.force_encoding("UTF-8").valid_encoding? }).to include(false)
    expect(said(events(parts.join.force_encoding("UTF-8")))).to eq("Ü🌍")
  ensure
    socket&.close
  end

  it "lone_surrogates" do
    server.quirk(:lone_surrogates).answer("Hi 🌍!", times: :always)
    text = stream.text
    expect(text).to include('"value":"Hi"', '"value":" \ud83c"', '"value":"\udf0d!"', '"value":"Hi \ud83c\udf0d!"')
    run = run_polled
    list = get("/threads/#{run["thread_id"]}/messages")
    expect(list.text).to include('Hi \ud83c\udf0d!')
    expect(list.json["data"][0].dig("content", 0, "text", "value")).to eq("Hi 🌍!")

    body = { model: "gpt-4o", stream: true, messages: [{ role: "user", content: "x" }] }
    expect(post("/chat/completions", body).text).to include('"content":" \ud83c"', '"content":"\udf0d!"')
  end

  it "empty_stream" do
    server.quirk(:empty_stream)
    reply = stream
    expect([reply.status, reply.text]).to eq([200, ""])
    expect(reply.headers["content-type"]).to start_with("text/event-stream")
  end

  it "restarted_stream" do
    server.quirk(:restarted_stream).calls_tool("f", {}, then_answer: "Done")
    run = data_of(events(stream.text), "thread.run.requires_action")
    call = run.dig("required_action", "submit_tool_outputs", "tool_calls", 0, "id")
    reply = post("/threads/#{run["thread_id"]}/runs/#{run["id"]}/submit_tool_outputs",
                 { stream: true, tool_outputs: [{ tool_call_id: call, output: "x" }] })
    expect(names(events(reply.text)).first).to eq("thread.run.created")
    expect(events(reply.text).first.last["id"]).to eq(run["id"])
    expect(said(events(reply.text))).to eq("Done")
  end

  it "unknown_events" do
    server.quirk(:unknown_events)
    names = names(events(stream.text))
    expect(names.count("thread.run.heartbeat")).to be > 5
    expect(names.last).to eq("done")
  end

  it "short_failed_event" do
    server.quirk(:short_failed_event).ends_with("failed")
    expect(data_of(events(stream.text), "thread.run.failed").keys).to eq(%w[id status last_error])
  end

  it "stays_open" do
    server.quirk(:stays_open)
    socket = open_stream("/threads/runs", thread_and_run(stream: true))
    read_until(socket, "[DONE]\n\n\r\n")
    expect(socket.wait_readable(0.2)).to be_nil
    server.quirk(:stays_open, seconds: 0.1)
    expect(seconds { stream }).to be_at_once.and(be >= 0.1)
  ensure
    socket&.close
  end

  it "truncated_json" do
    server.quirk(:truncated_json)
    blocks = stream.text.split("\n\n")
    expect(blocks[-2]).to start_with("event: thread.run.completed\ndata: {")
    expect { JSON.parse(blocks[-2][/data: (.*)/, 1]) }.to raise_error(JSON::ParserError)
  end

  it "big_body" do
    server.quirk(:big_body, bytes: 50_000)
    text = stream.text
    expect(text.lines[1].bytesize).to be > 50_000
    expect(text.bytesize).to be < 70_000
  end

  it "gzip" do
    server.quirk(:gzip).answer("Hello")
    plain = post("/threads/runs", thread_and_run(stream: true), headers: { "Accept-Encoding" => "identity" })
    expect(plain.headers).not_to have_key("content-encoding")
    server.answer("Hello")
    packed = post("/threads/runs", thread_and_run(stream: true), headers: { "Accept-Encoding" => "gzip" })
    expect(packed.headers["content-encoding"]).to eq("gzip")
    expect(said(events(Zlib.gunzip(packed.text.b).force_encoding("UTF-8")))).to eq("Hello")
  end

  it "wrong_content_type" do
    server.quirk(:wrong_content_type).answer("Hello")
    reply = stream
    expect(reply.headers["content-type"]).to start_with("text/plain")
    expect(said(events(reply.text))).to eq("Hello")
  end
end

RSpec.describe "LocalServer: quirks of HTTP", :local_server do
  it "chunked" do
    server.quirk(:chunked)
    reply = get("/models")
    expect(reply.headers["transfer-encoding"]).to eq("chunked")
    expect(reply.headers).not_to have_key("content-length")
    expect(reply.json["object"]).to eq("list")
  end

  it "gzip" do
    server.quirk(:gzip)
    packed = get("/models", headers: { "Accept-Encoding" => "gzip" })
    expect(packed.headers["content-encoding"]).to eq("gzip")
    expect(JSON.parse(Zlib.gunzip(packed.text.b))["object"]).to eq("list")
    expect(get("/models", headers: { "Accept-Encoding" => "identity" }).json["object"]).to eq("list")
    server.quirk(:gzip, always: true)
    expect(get("/models", headers: { "Accept-Encoding" => "identity" }).headers["content-encoding"]).to eq("gzip")
  end

  it "wrong_content_type" do
    server.quirk(:wrong_content_type)
    expect(get("/models").headers["content-type"]).to eq("text/plain; charset=utf-8")
    expect(get("/models").json["object"]).to eq("list")
  end

  it "truncated_json" do
    server.quirk(:truncated_json)
    expect { get("/models").json }.to raise_error(JSON::ParserError)
  end

  it "cut_body" do
    server.quirk(:cut_body)
    reply = get("/models") # Net::HTTP minds no missing end
    expect(reply.text.bytesize).to eq(reply.headers["content-length"].to_i / 2)
  end

  it "big_body" do
    server.quirk(:big_body, bytes: 100_000)
    reply = get("/models")
    expect(reply.text.bytesize).to eq(100_000)
    expect(reply.json["object"]).to eq("list")
  end

  it "bytewise and random_cuts" do
    server.quirk(:bytewise)
    expect(get("/models").json["object"]).to eq("list")
    server.quirks = [:random_cuts]
    expect(get("/models").json["object"]).to eq("list")
  end

  it "redirect" do
    server.quirk(:redirect)
    reply = post("/threads/runs", thread_and_run)
    expect([reply.status, reply.headers["location"]]).to eq([302, "http://elsewhere.invalid/v1/threads/runs"])
    server.quirk(:redirect, to: "http://127.0.0.2:9/v1", status: 307)
    reply = get("/models")
    expect([reply.status, reply.headers["location"]]).to eq([307, "http://127.0.0.2:9/v1/models"])
  end
end
