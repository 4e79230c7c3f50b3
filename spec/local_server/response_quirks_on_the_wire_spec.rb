# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require "zlib"
require_relative "support"

RSpec.describe "LocalServer: quirks of the streams of responses", :local_server do
  def text = respond("Hello", stream: true).text

  it "done_at_end" do
    server.quirk(:done_at_end)
    expect(text).to end_with("}\n\ndata: [DONE]\n\n")
    server.quirk(:no_done)
    expect(names(respond_streamed).last).to eq("response.completed")
  end

  it "duplicate_events" do
    server.quirk(:duplicate_events)
    numbers = respond_streamed.map { |_, data| data["sequence_number"] }
    expect(numbers.each_slice(2).map(&:uniq)).to eq((0..numbers.last).map { |number| [number] })
    expect(names(run_streamed).tally["thread.run.completed"]).to eq(1)
  end

  it "out_of_order_events" do
    server.quirk(:out_of_order_events).answer("Hello there", deltas: %w[Hello there])
    numbers = respond_streamed.map { |_, data| data["sequence_number"] }
    expect(numbers).to eq([0, 2, 1, 4, 3, 6, 5, 8, 7, 9])
    server.answer("Hello", deltas: %w[Hello])
    expect(respond_streamed.map { |_, data| data["sequence_number"] }).to eq([0, 2, 1, 4, 3, 6, 5, 7, 8])
    expect(said(run_streamed)).to include("stand-in")
  end

  it "no_sequence_numbers" do
    server.quirk(:no_sequence_numbers).breaks_stream(after: 2, how: :error)
    broken, whole = Array.new(2) { respond_streamed }
    expect(names(broken).last).to eq("error")
    expect((broken + whole).map(&:last)).to all(satisfy { |data| !data.key?("sequence_number") })
  end

  it "cancelled_event" do
    server.quirk(:cancelled_event).ends_with("cancelled")
    events = respond_streamed
    expect(names(events).last).to eq("response.cancelled")
    expect(response_of(events)["status"]).to eq("cancelled")
  end

  it "unknown_events" do
    server.quirk(:unknown_events)
    names = names(respond_streamed)
    expect(names.count("response.heartbeat")).to be > 5
    expect(names[-2]).to eq("response.completed")
  end

  it "short_failed_event" do
    server.quirk(:short_failed_event).ends_with("failed")
    expect(response_of(respond_streamed).keys).to eq(%w[id status error])
  end

  it "no_event_lines" do
    server.quirk(:no_event_lines)
    text = self.text
    expect(text).not_to include("event:")
    expect(events(text).map { |_, data| data["type"] }.last).to eq("response.completed")
  end

  it "crlf, comments, no_space, bom and split_data" do
    %i[crlf comments no_space bom split_data].each { |name| server.quirk(name) }
    server.answer(%(a, "b"))
    text = self.text
    expect(text).to start_with("\uFEFF: connected\r\nretry:3000\r\n")
    expect(text.gsub("\r\n", "")).not_to include("\n")
    expect(delta_text(events(text))).to eq(%(a, "b"))
  end

  it "bytewise, random_cuts and chunked" do
    %i[bytewise random_cuts].each do |name|
      server.quirks = [name]
      server.answer("Ü🌍")
      expect(delta_text(respond_streamed)).to eq("Ü🌍")
      expect(respond.json["status"]).to eq("completed")
    end
    server.quirks = [:chunked]
    expect(respond.headers["transfer-encoding"]).to eq("chunked")
  end

  it "lone_surrogates" do
    server.quirk(:lone_surrogates).answer("Hi 🌍!", times: :always)
    text = self.text
    expect(text).to include('"delta":" \ud83c"', '"delta":"\udf0d!"', '"text":"Hi \ud83c\udf0d!"')
    expect(text.scan(/"sequence_number":(\d+)/).flatten.map(&:to_i)).to eq((0..10).to_a)
    reply = respond
    expect(reply.text).to include('Hi \ud83c\udf0d!')
    expect(words(reply.json)).to eq(["Hi 🌍!"])
    server.quirks = []
    expect(words(get("/responses/#{text[/"id":"(resp_\w+)"/, 1]}").json)).to eq(["Hi 🌍!"])
  end

  it "empty_stream" do
    server.quirk(:empty_stream)
    reply = respond(stream: true)
    expect([reply.status, reply.text]).to eq([200, ""])
    expect(reply.headers["content-type"]).to start_with("text/event-stream")
    expect(server.responses.map { |response| response["status"] }).to eq(["cancelled"])
  end

  it "stays_open" do
    server.quirk(:stays_open)
    socket = open_stream("/responses", response_body(stream: true))
    read_until(socket, "event: response.completed")
    expect(seconds { read_until(socket, "\r\n0\r\n", seconds: 0.2) }).to be >= 0.2
    server.quirk(:stays_open, seconds: 0.1)
    expect(seconds { text }).to be_at_once.and(be >= 0.1)
  ensure
    socket&.close
  end

  it "truncated_json" do
    server.quirk(:truncated_json)
    last = text.split("\n\n").last
    expect(last).to start_with("event: response.completed\ndata: {")
    expect { JSON.parse(last[/data: (.*)/, 1]) }.to raise_error(JSON::ParserError)
    expect { respond.json }.to raise_error(JSON::ParserError)
  end

  it "big_body" do
    server.quirk(:big_body, bytes: 50_000)
    expect(text.lines[1].bytesize).to be > 50_000
    expect(respond.text.bytesize).to eq(50_000)
  end

  it "gzip" do
    server.quirk(:gzip).answer("Hello")
    packed = post("/responses", response_body(stream: true), headers: { "Accept-Encoding" => "gzip" })
    expect(packed.headers["content-encoding"]).to eq("gzip")
    expect(delta_text(events(Zlib.gunzip(packed.text.b).force_encoding("UTF-8")))).to eq("Hello")
  end

  it "wrong_content_type" do
    server.quirk(:wrong_content_type)
    expect(respond(stream: true).headers["content-type"]).to start_with("text/plain")
    expect(names(respond_streamed).last).to eq("response.completed")
  end
end
