# frozen_string_literal: true

RSpec.describe PromptTracker::OpenaiAssistantService do
  url = "https://api.openai.com/v1"
  error = described_class::AssistantError

  # As WebMock suggests it, user agent and all.
  let(:headers) do
    { "Accept" => "*/*", "Accept-Encoding" => "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
      "Authorization" => "Bearer sk-app", "Content-Type" => "application/json", "Openai-Beta" => "assistants=v2",
      "User-Agent" => "Ruby" }
  end
  let(:run) { "#{url}/threads/thread_1/runs/run_1" }
  let(:message) { { role: "assistant", run_id: "run_1", content: [{ type: "text", text: { value: "It is sunny." } }] } }

  def json(object, status: 200)
    { status: status, body: object.to_json, headers: { "Content-Type" => "application/json" } }
  end

  def call(**more) = described_class.call(assistant_id: "asst_weather", prompt: "The weather in Berlin?", **more)

  def completed(**more)
    json({ id: "run_1", status: "completed", usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
           **more })
  end

  before do
    @thread = stub_request(:post, "#{url}/threads").with(headers: headers,
                                                         body: "{}").to_return(json({ id: "thread_1" }))
    @message = stub_request(:post, "#{url}/threads/thread_1/messages")
               .with(body: { role: "user", content: "The weather in Berlin?" }).to_return(json({ id: "msg_1" }))
    @start = stub_request(:post, "#{url}/threads/thread_1/runs")
             .with(headers: headers, body: { assistant_id: "asst_weather" }.to_json)
             .to_return(json({ id: "run_1", status: "queued" }))
    @run = stub_request(:get, run).with(headers: headers).to_return(json({ id: "run_1", status: "in_progress" }),
                                                                    completed)
    @list = stub_request(:get, "#{url}/threads/thread_1/messages")
            .with(query: { limit: 1, order: "desc" }, headers: headers).to_return(json({ data: [message] }))
  end

  it "returns the answer" do
    expect(call).to include(text: "It is sunny.", usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 })
  end

  it "makes each request once, and looks at the run until it is over" do
    call
    [@thread, @message, @start, @list].each { |stub| expect(stub).to have_been_requested }
    expect(@run).to have_been_requested.times(3)
    expect(WebMock).to have_requested(:post, "#{url}/threads/thread_1/runs").with(body: hash_including("assistant_id"))
    expect(a_request(:post,
                     "#{url}/threads").with(headers: { "Openai-Beta" => "assistants=v2" })).to have_been_made.once
    assert_requested(:get, run, times: 3)
    assert_not_requested(:post, "#{url}/threads/runs")
  end

  it "calls back after each request" do
    seen = []
    WebMock.after_request { |request, response| seen << "#{request.method} #{request.uri.path} #{response.status[0]}" }
    call
    expect(seen).to include("post /v1/threads 200", "get /v1/threads/thread_1/messages 200")
    expect(seen.size).to eq(7)
  ensure
    WebMock.reset_callbacks
  end

  { 400 => "Bad", 401 => "Wrong key", 404 => "None such", 429 => "Slow down", 500 => "Broken",
    503 => "Busy" }.each do |status, text|
    it "fails on #{status}, and asks once" do
      stub = stub_request(:post, "#{url}/threads").to_return(json({ error: { message: text } }, status: status))
      expect { call }.to raise_error(error, /\AFailed to create thread: .*#{status}/)
      expect(stub).to have_been_requested
    end
  end

  it "fails on a server that is gone" do
    stub = stub_request(:get, run).to_return(status: 502, body: "<html>Bad Gateway</html>")
    expect { call }.to raise_error(error, /\AError waiting for completion: .*502/)
    expect(stub).to have_been_requested
  end

  it "fails on a timeout" do
    stub = stub_request(:post, "#{url}/threads").to_timeout
    expect { call }.to raise_error(error, /\AFailed to create thread: .*execution expired/)
    expect(stub).to have_been_requested
  end

  it "fails on a refused connection" do
    stub_request(:post, "#{url}/threads/thread_1/messages").to_raise(Errno::ECONNREFUSED)
    expect { call }.to raise_error(error, /\AFailed to add message: .*Connection refused/)
  end

  it "fails on what else is raised" do
    stub_request(:post, "#{url}/threads/thread_1/runs").to_raise(StandardError.new("no luck"))
    expect { call }.to raise_error(error, "Failed to run assistant: no luck")
  end

  it "says why a run failed" do
    stub_request(:get, run).to_return(json({ id: "run_1", status: "failed", last_error: { message: "Out of credit" } }))
    expect { call }.to raise_error(error, "Assistant run failed: Out of credit")
  end

  it "gives up in time" do
    stub_request(:get, run).to_return(json({ id: "run_1", status: "in_progress" }))
    expect { call(timeout: 0.2) }.to raise_error(error, "Assistant run timed out after 0.2 seconds")
  end

  it "takes answers from a block, and text in other alphabets" do
    stub_request(:get, %r{/threads/thread_1/messages}).to_return do |request|
      json({ data: [message.merge(content: [{ type: "text",
                                              text: { value: "#{request.method}: sonnig ☀️ in Köln" } }])] })
    end
    expect(call[:text]).to eq("get: sonnig ☀️ in Köln")
  end

  it "goes nowhere else" do
    WebMock.reset!
    expect { call }.to raise_error(WebMock::NetConnectNotAllowedError, %r{POST https://api\.openai\.com/v1/threads})
  end
end
