# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: responses in the background", :local_server do
  def later(prompt = "Hello", **more) = respond(prompt, background: true, **more)

  def status(response) = get("/responses/#{response["id"]}").json["status"]

  def again(id, after: nil)
    get("/responses/#{id}?stream=true#{"&starting_after=#{after}" if after}")
  end

  it "are queued, then completed" do
    response = later.json
    expect(response).to include("status" => "queued", "background" => true, "output" => [], "usage" => nil)
    expect(get("/responses/#{response["id"]}").json).to include("status" => "completed", "usage" => Hash)
  end

  it "take their time" do
    server.answer("Later", delay: 1)
    response = later.json
    expect(status(response)).to eq("in_progress")
    sleep 1
    expect(status(response)).to eq("completed")
  end

  it "are in progress for so many retrievals" do
    server.answer("x", polls: 2)
    response = later.json
    expect(Array.new(3) { status(response) }).to eq(%w[in_progress in_progress completed])
  end

  it "stay as scripted, until they are cancelled" do
    server.stays("queued").stays("in_progress", text: "Let me")
    queued = later.json
    running = later.json
    expect([status(queued), status(running)]).to eq(%w[queued in_progress])
    [queued, running].each do |response|
      2.times do
        reply = post("/responses/#{response["id"]}/cancel")
        expect([reply.status, reply.json["status"]]).to eq([200, "cancelled"])
      end
    end
    expect(words(get("/responses/#{running["id"]}").json)).to eq(["Let me"])
  end

  it "can't be cancelled when they have ended" do
    response = later.json
    reply = post("/responses/#{response["id"]}/cancel")
    expect([reply.status, reply.error["message"]]).to eq([400, "Cannot cancel a completed response."])
    expect(post("/responses/resp_none/cancel").status).to eq(404)
  end

  it "must be stored" do
    expect(later(store: false).error["param"]).to eq("background")
  end

  it "are streamed too" do
    server.answer("Hello", deltas: %w[Hel lo])
    events = events(later(stream: true).text)
    expect(names(events).first(4)).to eq(%w[response.created response.queued response.in_progress
                                            response.output_item.added])
    expect(data_of(events, "response.created")["response"]["status"]).to eq("queued")
    expect(delta_text(events)).to eq("Hello")
    expect(names(events).last).to eq("response.completed")
  end

  it "go on when their stream breaks, which can be taken up after any event" do
    server.breaks_stream(after: :output_item_added).answer("Hello there", delay: 0.1)
    text, ended = read_broken("/responses", response_body(background: true, stream: true))
    expect(ended).to eq(EOFError)
    seen = events(text)
    expect(names(seen).last).to eq("response.output_item.added")
    id = seen[0][1]["response"]["id"]
    rest = events(again(id, after: seen.last[1]["sequence_number"]).text)
    expect((seen + rest).map { |_, data| data["sequence_number"] }).to eq((0..10).to_a)
    expect(delta_text(rest)).to eq("Hello there")
    expect(names(rest).last).to eq("response.completed")
    expect(server.responses.size).to eq(1)
  end

  it "can be streamed again from the start, or from behind the end" do
    first = later(stream: true).text
    id = events(first)[0][1]["response"]["id"]
    expect(events(again(id).text)).to eq(events(first))
    expect(again(id, after: 500).text).to eq("")
  end

  it "end for those who watch when they are cancelled" do
    server.stays
    socket = open_stream("/responses", response_body(background: true, stream: true))
    text = read_until(socket, "response.in_progress")
    id = text[/"id":"(resp_\w+)"/, 1]
    expect(socket.wait_readable(0.2)).to be_nil
    post("/responses/#{id}/cancel")
    expect(seconds { read_until(socket, "\r\n0\r\n", text: text) }).to be_at_once
    expect(text.scan(/^event: (\S+)/).flatten.last).to eq("response.in_progress")
    expect(get("/responses/#{id}").json["status"]).to eq("cancelled")
  ensure
    socket&.close
  end

  it "can only be streamed again where they were streamed" do
    [later.json["id"], respond.json["id"], response_of(respond_streamed)["id"]].each do |id|
      reply = again(id)
      expect([reply.status, reply.error["param"]]).to eq([400, "stream"])
    end
    id = response_of(events(later(stream: true).text))["id"]
    expect(again(id, after: "x").error["param"]).to eq("starting_after")
  end

  it "have the documented shapes", :schemas do
    events = events(later(stream: true).text)
    expect_event_schemas(events)
    response = later.json
    expect_response_schema(response)
    server.stays
    expect_response_schema(post("/responses/#{later.json["id"]}/cancel").json)
  end
end
