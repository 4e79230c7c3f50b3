# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: streamed responses", :local_server do
  let(:opening) { %w[response.created response.in_progress] }
  let(:message_opening) { %w[response.output_item.added response.content_part.added] }
  let(:message_closing) { %w[response.output_text.done response.content_part.done response.output_item.done] }

  it "sends OpenAI's events in OpenAI's order, and no [DONE]" do
    server.answer("Hello", deltas: %w[Hel lo])
    reply = respond(stream: true)
    expect(reply.headers["content-type"]).to eq("text/event-stream; charset=utf-8")
    events = events(reply.text)
    expect(names(events)).to eq([*opening, *message_opening, "response.output_text.delta",
                                 "response.output_text.delta", *message_closing, "response.completed"])
    expect(events.map { |_, data| data["sequence_number"] }).to eq((0..9).to_a)
    expect(data_of(events, "response.created")["response"]).to include("status" => "in_progress", "output" => [],
                                                                       "usage" => nil)
    expect(delta_text(events)).to eq("Hello")
    expect(data_of(events, "response.output_text.done")["text"]).to eq("Hello")
    expect(words(response_of(events))).to eq(["Hello"])
    expect(response_of(events)["usage"]).to include("total_tokens" => Integer)
  end

  it "has the events of the recorded stream", :schemas do
    recorded = JSON.parse(File.read(File.expand_path("../recorded/responses_stream.json", LocalServerSupport::OPENAPI)))
    expect(names(respond_streamed).uniq).to eq(names(events(recorded[0]["response"]["body"])).uniq)
  end

  it "hides the length of deltas, unless told not to" do
    deltas = respond_streamed.map(&:last).select { |data| data.key?("delta") }
    expect(deltas).to all(include("obfuscation" => String, "logprobs" => []))
    expect(deltas.map { |data| (data["delta"].bytesize + data["obfuscation"].size) % 16 }.uniq).to eq([0])
    plain = respond_streamed(stream_options: { include_obfuscation: false })
    expect(plain.map(&:last)).to all(satisfy { |data| !data.key?("obfuscation") })
  end

  it "leaves the same at the server as it sent" do
    response = response_of(respond_streamed)
    expect(get("/responses/#{response["id"]}").json).to eq(response)
  end

  it "streams function calls" do
    server.calls_tool("get_weather", { city: "Berlin", unit: "celsius" })
    events = respond_streamed
    expect(names(events).uniq)
      .to eq([*opening, "response.output_item.added", "response.function_call_arguments.delta",
              "response.function_call_arguments.done", "response.output_item.done", "response.completed"])
    expect(data_of(events, "response.output_item.added")["item"])
      .to include("name" => "get_weather", "arguments" => "", "status" => "in_progress")
    pieces = events.select { |name, _| name.end_with?("arguments.delta") }.map { |_, data| data["delta"] }
    expect(pieces.join).to eq('{"city":"Berlin","unit":"celsius"}')
    expect(response_of(events)["output"][0]["arguments"]).to eq(pieces.join)
  end

  {
    "failed" => %w[response.failed],
    "expired" => %w[response.failed],
    "incomplete" => %w[response.output_text.done response.content_part.done response.output_item.done
                       response.incomplete],
    "cancelled" => []
  }.each do |status, last|
    it "ends with #{status} after half an answer" do
      server.ends_with(status, text: "Half an")
      events = respond_streamed
      expect(names(events)).to eq([*opening, *message_opening, "response.output_text.delta",
                                   "response.output_text.delta", *last])
      expect(delta_text(events)).to eq("Half an")
      found = get("/responses/#{events[0][1]["response"]["id"]}").json
      expect(found["status"]).to eq(status == "expired" ? "failed" : status)
      expect(words(found)).to eq(["Half an"])
    end

    it "ends with #{status} before any answer" do
      server.ends_with(status)
      events = respond_streamed
      expect(names(events)).to eq([*opening, *last.last])
      expect(get("/responses/#{events[0][1]["response"]["id"]}").json["output"]).to eq([])
    end
  end

  it "sends each event at once" do
    server.answer(deltas: %w[a b c d], delay: 2)
    socket = open_stream("/responses", response_body(stream: true))
    text = +""
    times = ["content_part.added", %("a"), %("b"), %("c"), %("d"), "response.completed"].map do |wanted|
      read_until(socket, wanted, text: text)
      now
    end
    gaps = times.each_cons(2).map { |one, other| other - one }
    expect(gaps.first(4)).to all(be > 0.1)
  ensure
    socket&.close
  end

  it "keeps the connection after a stream" do
    http { |connection| 3.times { post("/responses", response_body(stream: true), on: connection) } }
    expect(server.connections).to eq(1)
  end

  it "carries 50 streams at a time" do
    server.answer("x", deltas: %w[x], delay: 0.5, times: 50)
    took = seconds do
      sockets = Array.new(50) { open_stream("/responses", response_body(stream: true)) }
      sockets.each { |socket| expect(read_until(socket, "\r\n0\r\n")).to include("response.completed") }
      sockets.each(&:close)
    end
    expect(took).to be < 15 # one after the other they would take 25
    expect(server.responses.map { |response| response["status"] }).to eq(["completed"] * 50)
  end

  it "has the documented shapes", :schemas do
    citations = [{ type: "file_citation", file_id: "file-1", filename: "a.pdf", index: 3 }]
    server.answer("See.", annotations: citations, images: 1).refuses.calls_tools([["f", { a: 1 }], ["g", {}]])
    server.ends_with("failed", text: "Half").ends_with("incomplete", text: "Half").ends_with("cancelled", text: "Half")
    tools = [{ type: "file_search", vector_store_ids: ["vs_1"] }]
    Array.new(7) { respond_streamed(model: "gpt-5", tools: tools) }.each do |events|
      expect_event_schemas(events)
      expect_response_schema(get("/responses/#{events[0][1]["response"]["id"]}").json)
    end
  end
end
