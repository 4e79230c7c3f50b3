# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require "stringio"
require_relative "support"

RSpec.describe "LocalServer as a Rack app" do
  let(:app) { PromptTracker::Native::LocalServer.new }

  def env(verb, path, body = nil)
    text = body ? JSON.generate(body) : ""
    { "REQUEST_METHOD" => verb, "PATH_INFO" => path, "QUERY_STRING" => "", "SCRIPT_NAME" => "",
      "SERVER_NAME" => "local", "SERVER_PORT" => "80", "SERVER_PROTOCOL" => "HTTP/1.1", "rack.url_scheme" => "http",
      "rack.input" => StringIO.new(text.b), "rack.errors" => StringIO.new, "CONTENT_TYPE" => "application/json",
      "CONTENT_LENGTH" => text.bytesize.to_s, "HTTP_AUTHORIZATION" => "Bearer x",
      "HTTP_OPENAI_BETA" => "assistants=v2" }
  end

  def call(app, ...)
    status, headers, body = app.call(env(...))
    text = +""
    body.each { |part| text << part }
    body.close if body.respond_to?(:close)
    [status, headers, text]
  end

  it "is called without a web server" do
    app.answer("Hello")
    body = { assistant_id: "asst_1", stream: true, thread: { messages: [{ role: "user", content: "Hi" }] } }
    status, headers, text = call(app, "POST", "/v1/threads/runs", body)
    expect([status, headers["content-type"]]).to eq([200, "text/event-stream; charset=utf-8"])
    expect(text).to end_with("event: done\ndata: [DONE]\n\n")
    expect(app.requests.first.connection).to be_nil
    expect(app.connections).to eq(0)
  end

  it "keeps the newest threads only, with record: false" do
    light = PromptTracker::Native::LocalServer.new(record: false)
    ids = Array.new(PromptTracker::Native::LocalServer::KEPT_THREADS + 1) do
      JSON.parse(call(light, "POST", "/v1/threads", {}).last)["id"]
    end
    expect(call(light, "GET", "/v1/threads/#{ids[0]}").first).to eq(404)
    expect(call(light, "GET", "/v1/threads/#{ids[1]}").first).to eq(200)
    expect(light.requests).to eq([])
  end

  it "keeps the newest responses and conversations only, too" do
    light = PromptTracker::Native::LocalServer.new(record: false)
    body = { model: "gpt-4o", input: "Hi", store: true }
    first = JSON.parse(call(light, "POST", "/v1/responses", body).last)["id"]
    conversation = JSON.parse(call(light, "POST", "/v1/conversations", {}).last)["id"]
    PromptTracker::Native::LocalServer::KEPT_THREADS.times do
      call(light, "POST", "/v1/responses", body)
      call(light, "POST", "/v1/conversations", {})
    end
    expect(light.responses.size).to eq(PromptTracker::Native::LocalServer::KEPT_THREADS)
    expect(call(light, "GET", "/v1/responses/#{first}").first).to eq(404)
    expect(call(light, "GET", "/v1/conversations/#{conversation}").first).to eq(404)
  end

  it "keeps to Rack's rules" do
    begin
      require "rack"
      require "rack/lint"
    rescue LoadError
      skip "the rack gem is not installed"
    end
    linted = Rack::Lint.new(app)
    expect(call(linted, "GET", "/v1/models").first).to eq(200)
    expect(call(linted, "GET", "/v1/nothing").first).to eq(404)
    %i[chunked gzip bytewise error_html wrong_content_type empty_stream].each do |name|
      app.quirks = [name]
      expect(call(linted, "GET", "/v1/models").first).to eq(200)
      body = { assistant_id: "asst_1", stream: true, thread: { messages: [{ role: "user", content: "Hi" }] } }
      expect(call(linted, "POST", "/v1/threads/runs", body).first).to eq(200)
      body = { model: "gpt-4o", input: "Hi", stream: true }
      expect(call(linted, "POST", "/v1/responses", body).first).to eq(200)
    end
  end
end
