# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: scripts for responses", :local_server do
  def said(response) = words(response).last

  it "are consumed in order, by runs and completions too" do
    server.answer("one").answer("two").answer("three", times: 2)
    expect(said(respond.json)).to eq("one")
    expect(run_polled["status"]).to eq("completed")
    expect([said(respond.json), said(respond.json)]).to eq(%w[three three])
    expect(said(respond.json)).to include("stand-in")
  end

  it "answer by the prompt, as JSON, and in several messages" do
    server.answer { |prompt| "You said: #{prompt}" }.answer({ score: 5 }).answer(%w[First Second])
    expect(said(respond("Hi 🌍").json)).to eq("You said: Hi 🌍")
    expect(said(respond.json)).to eq('{"score":5}')
    expect(words(response_of(respond_streamed))).to eq(%w[First Second])
  end

  it "can be for one assistant, which the metadata names" do
    server.answer("for B", assistant_id: "asst_B").answer("for any")
    expect(said(respond.json)).to eq("for any")
    expect(said(respond(metadata: { assistant_id: "asst_B" }).json)).to eq("for B")
  end

  it "report the usage that was given, by either API's names, or null" do
    server.answer("x", usage: { prompt_tokens: 7, completion_tokens: 8 }).answer("y", usage: nil)
    server.answer("z", usage: { input_tokens: 7, output_tokens: 8, total_tokens: 20,
                                output_tokens_details: { reasoning_tokens: 3 } }, times: 2)
    expect(respond.json["usage"]).to eq("input_tokens" => 7, "output_tokens" => 8, "total_tokens" => 15,
                                        "input_tokens_details" => { "cached_tokens" => 0, "cache_write_tokens" => 0 },
                                        "output_tokens_details" => { "reasoning_tokens" => 0 })
    expect(respond.json["usage"]).to be_nil
    expect(respond.json["usage"]).to include("total_tokens" => 20,
                                             "output_tokens_details" => { "reasoning_tokens" => 3 })
    expect(run_polled["usage"]).to include("prompt_tokens" => 7, "completion_tokens" => 8, "total_tokens" => 20)
  end

  it "fail with the error that was given, or are incomplete for a reason" do
    server.ends_with(:failed, last_error: { code: "rate_limit_exceeded", message: "No quota" }).ends_with(:failed)
    server.ends_with(:incomplete, text: "Half").ends_with(:incomplete, text: "Half", reason: "content_filter")
    server.ends_with(:incomplete, reason: "max_completion_tokens").ends_with(:cancelled)
    failed = respond.json
    expect(failed).to include("status" => "failed", "error" => { "code" => "rate_limit_exceeded",
                                                                 "message" => "No quota" })
    expect(respond.json["error"]).to include("code" => "server_error")
    cut = respond.json
    expect([cut["status"], said(cut), cut["output"][0]["status"]]).to eq(%w[incomplete Half incomplete])
    reasons = [cut, respond.json, respond.json].map { |response| response.dig("incomplete_details", "reason") }
    expect(reasons).to eq(%w[max_output_tokens content_filter max_output_tokens])
    expect(respond.json["status"]).to eq("cancelled")
  end

  it "name the same reason on the Assistants wire" do
    server.ends_with(:incomplete, reason: "max_output_tokens")
    expect(run_polled["incomplete_details"]).to eq("reason" => "max_completion_tokens")
  end

  it "call a function nobody asked for" do
    server.ends_with("requires_action")
    expect(respond.json).to include("status" => "completed", "output" => [hash_including("name" => "lookup")])
  end

  it "say something before they call a function" do
    server.calls_tool("f", {}, text: "Let me look.")
    expect(respond.json["output"].map { |item| item["type"] }).to eq(%w[message function_call])
  end

  it "refuse to answer" do
    server.refuses("No.", times: 2).refuses
    expect(respond.json["output"][0]["content"]).to eq([{ "type" => "refusal", "refusal" => "No." }])
    events = respond_streamed
    expect(names(events)).to include("response.refusal.delta", "response.refusal.done")
    expect(data_of(events, "response.refusal.delta")["delta"]).to eq("No.")
    expect(said(respond.json)).to include("I can't help")
  end

  it "cite, after having searched where the request has the tool" do
    citations = [{ "type" => "file_citation", "file_id" => "file-1", "filename" => "a.pdf", "index" => 3 },
                 { "type" => "container_file_citation", "container_id" => "cntr_1", "file_id" => "file-2",
                   "filename" => "b.csv", "start_index" => 1, "end_index" => 2 },
                 { "type" => "url_citation", "url" => "https://example.com/", "title" => "x", "start_index" => 0,
                   "end_index" => 1 }]
    server.answer("See.", annotations: citations, times: 3)
    expect(respond.json["output"].map { |item| item.dig("content", 0, "annotations") }).to eq([citations])
    events = respond_streamed
    added = events.select { |name, _| name == "response.output_text.annotation.added" }.map(&:last)
    expect(added.map { |data| [data["annotation_index"], data["annotation"]] })
      .to eq(citations.each_with_index.map { |citation, index| [index, citation] })

    output = respond(tools: [{ type: "file_search", vector_store_ids: ["vs_1"] }],
                     include: ["file_search_call.results"]).json["output"]
    expect(output.map { |item| item["type"] }).to eq(%w[file_search_call message])
    expect(output[0]["results"].map { |result| result["file_id"] }).to eq(["file-1"])
  end

  it "put out images" do
    server.answer("Look.", images: ["aW1hZ2U="]).answer("Look.", images: 2)
    output = respond.json["output"]
    expect(output.map { |item| item["type"] }).to eq(%w[message image_generation_call])
    expect(output[1]).to include("id" => /\Aig_/, "result" => "aW1hZ2U=", "status" => "completed")
    events = respond_streamed
    expect(names(events).count("response.image_generation_call.completed")).to eq(2)
  end

  it "cut the text as told, and take their time" do
    server.answer("Hello", deltas: %w[H ell o], delay: 0.15).answer("x", delay: 0.15)
    events = nil
    expect(seconds { events = respond_streamed }).to be >= 0.15
    expect(names(events).count("response.output_text.delta")).to eq(3)
    expect(seconds { respond }).to be >= 0.15
  end

  it "refuse, answer or drop requests" do
    server.fails_with(429, on: "POST /responses").raw(on: "GET /responses/{id}", body: "{oops")
    server.fails_with(500, on: "POST /responses/*/cancel").drops(on: "POST /responses")
    server.fails_with(503, on: ->(request) { request.path.end_with?("/input_items") })
    expect(get("/responses/resp_1").text).to eq("{oops")
    expect(post("/responses/resp_1/cancel").status).to eq(500)
    expect(get("/responses/resp_1/input_items").status).to eq(503)
    expect(respond.status).to eq(429)
    expect { respond }.to raise_error(EOFError)
    expect(server.responses).to eq([])
    expect { server.fails_with(500, on: 5) }.to raise_error(ArgumentError, /a Proc or nil/)
  end
end

RSpec.describe "LocalServer: broken streams of responses", :local_server do
  def broken = read_broken("/responses", response_body(stream: true))

  def found(text) = get("/responses/#{text[/"id":"(resp_\w+)"/, 1]}")

  it "end the response, which then can't be found" do
    server.breaks_stream(after: :response_created).answer("Never said")
    text, ended = broken
    expect(ended).to eq(EOFError)
    expect(names(events(text))).to eq(["response.created"])
    expect(found(text).status).to eq(404)
    expect(server.responses.map { |response| [response["status"], response["output"]] }).to eq([["cancelled", []]])
  end

  it "end it also in a conversation, which gains nothing and is free" do
    id = post("/conversations", {}).json["id"]
    server.breaks_stream(after: :output_text_delta)
    read_broken("/responses", response_body(stream: true, conversation: id))
    expect(get("/conversations/#{id}/items").json["data"]).to eq([])
    expect(respond(conversation: id).status).to eq(200)
  end

  it "leave it to go on with found: true" do
    server.breaks_stream(after: :response_in_progress, found: true).answer("Later", delay: 0.15)
    text, = broken
    expect(found(text).json["status"]).to eq("in_progress")
    sleep 0.16
    expect(words(found(text).json)).to eq(["Later"])
  end

  it "leave it with the status that was given" do
    statuses = %w[in_progress cancelled incomplete failed]
    statuses.each { |status| server.breaks_stream(after: 2, found: status) }
    expect(statuses.map { found(broken[0]).json["status"] }).to eq(statuses)
    expect { server.breaks_stream(after: 2, found: "happy") }.to raise_error(ArgumentError, /found/)
  end

  it "break off after a number of events, a named one, or a number of bytes" do
    server.breaks_stream(after: 3).breaks_stream(after: "response.content_part.added")
    server.breaks_stream(after: :response_output_text_delta).breaks_stream(bytes: 777)
    expect(Array.new(3) { names(events(broken[0])).last })
      .to eq(%w[response.output_item.added response.content_part.added response.output_text.delta])
    expect(broken[0].bytesize).to eq(777)
    expect(names(respond_streamed).last).to eq("response.completed")
  end

  it "keep what had ended before" do
    server.breaks_stream(after: :response_completed)
    text, ended = broken
    expect(ended).to eq(EOFError)
    expect(found(text).json["status"]).to eq("completed")
  end

  it "are reset, or end with an error event" do
    server.breaks_stream(after: 2, how: :reset).breaks_stream(after: 2, how: :error)
    expect(broken.last).to eq(Errno::ECONNRESET)
    text, ended = broken
    expect(ended).to be_nil
    events = events(text)
    expect(names(events)).to eq(%w[response.created response.in_progress error])
    expect(events.last[1]).to include("type" => "error", "code" => "server_error", "sequence_number" => 2)
    expect(found(text).status).to eq(404)
  end

  it "end with a documented error event", :schemas do
    server.breaks_stream(after: 2, how: :error)
    expect_schema("ResponseErrorEvent", events(broken[0]).last[1])
  end

  [true, false].each do |stream|
    it "are ended by a client that leaves, #{stream ? "when streamed" : "when it waits for the answer"}",
       if: Socket.const_defined?(:TCP_INFO) do
      server.stays
      socket = open_stream("/responses", response_body(stream: stream))
      sleep 0.05
      expect(server.responses[0]["status"]).to eq("in_progress")
      socket.close
      over = now + 3
      sleep 0.01 until server.responses[0]["status"] == "cancelled" || now > over
      expect(server.responses[0]["status"]).to eq("cancelled")
      expect(get("/responses/#{server.responses[0]["id"]}").status).to eq(404)
    end
  end
end
