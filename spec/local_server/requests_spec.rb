# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: recorded requests", :local_server do
  it "keeps method, path, query, headers and body, in order" do
    post("/threads", { metadata: { a: "b" } }, headers: { "X-Custom" => "yes" })
    get("/models?limit=5&order=a%20b")

    first, second = server.requests
    expect(first.to_s).to eq("POST /v1/threads")
    expect(first.body).to eq("metadata" => { "a" => "b" })
    expect(first.headers).to include("authorization" => "Bearer sk-local", "openai-beta" => "assistants=v2",
                                     "x-custom" => "yes", "content-type" => "application/json")
    expect(first.headers["content-length"]).to eq("22")
    expect(second.method).to eq("GET")
    expect(second.path).to eq("/v1/models")
    expect(second.query).to eq("limit" => "5", "order" => "a b")
    expect(second.body).to eq("")
  end

  it "keeps a body that is not JSON as it came" do
    post("/threads", "{oops")
    expect(server.requests.last.body).to eq("{oops")
  end

  it "gives a copy" do
    get("/models")
    server.requests.clear
    expect(server.requests.size).to eq(1)
  end

  it "hides the key in inspect" do
    get("/models")
    expect(server.requests.last.inspect).to include("[hidden]")
    expect(server.requests.last.inspect).not_to include("sk-local")
    get("/models", headers: { "Authorization" => nil, "api-key" => "azure-secret" })
    expect(server.requests.last.inspect).not_to include("azure-secret")
  end

  it "loses none of many threads' requests" do
    server
    Array.new(8) { Thread.new { http { |connection| 20.times { get("/models", on: connection) } } } }.each(&:join)
    expect(server.requests.size).to eq(160)
    expect(server.connections).to eq(8)
  end

  it "is forgotten at reset, with scripts, quirks and threads" do
    thread = make_thread("Hi")
    server.answer("scripted").quirk(:created_201).fails_with(500)
    server.reset

    expect(server.requests).to eq([])
    expect(server.connections).to eq(0)
    expect(server.quirks).to eq([])
    expect(get("/threads/#{thread["id"]}").status).to eq(404)
    expect(said(run_streamed("Hello there"))).to include("stand-in")
  end

  it "hangs up on open streams at reset" do
    server.stays
    socket = open_stream("/threads/runs", thread_and_run(stream: true))
    read_until(socket, "thread.run.in_progress")
    server.reset
    expect(seconds { read_until(socket) }).to be_at_once
  ensure
    socket&.close
  end

  describe "with record: false" do
    def server_options = { record: false }

    it "counts connections only" do
      get("/models")
      expect(server.requests).to eq([])
      expect(server.connections).to eq(1)
    end
  end
end
