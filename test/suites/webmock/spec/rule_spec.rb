# frozen_string_literal: true

# While WebMock is enabled and nothing else is said, calls make the classic requests.
RSpec.describe "Which requests a call makes" do
  before { configure { |c| c.assistants = ->(_) { { model: "gpt-4o" } } } }

  def first_request(**more)
    seen = nil
    stub_request(:any, /./).to_return do |request|
      seen ||= "#{request.method.upcase} #{request.uri.path}"
      { status: 400 }
    end
    ask(**more)
  rescue Asking::AssistantError
    seen
  end

  it "are the classic ones, whatever is defined" do
    expect(first_request).to eq("POST /v1/threads")
    expect(first_request(thread_id: "thread_1")).to eq("POST /v1/threads/thread_1/messages")
  end

  it "are others where the call says so" do
    expect(first_request(flow: :streaming)).to eq("POST /v1/responses")
    expect(first_request(flow: :polling)).to eq("POST /v1/responses")
  end

  it "are others where a setting says so" do
    configure { |c| c.flow = :streaming }
    expect(first_request).to eq("POST /v1/responses")
    configure { |c| (c.flow = nil) || (c.api = :responses) }
    expect(first_request).to eq("POST /v1/responses")
    configure { |c| c.api = :assistants }
    expect(first_request).to eq("POST /v1/threads/runs")
  end

  it "are the classic ones for code that drives the client by hand" do
    client = PromptTracker::Native::Client.new(access_token: "sk-app")
    stub = stub_request(:post, "#{Asking::URL}/threads").to_return(json({ id: "thread_1" }))
    run = stub_request(:post, "#{Asking::URL}/threads/conv_1/runs").to_return(json({ id: "run_1" }))
    expect(client.threads.create["id"]).to eq("thread_1")
    client.runs.create(thread_id: "conv_1", parameters: { assistant_id: "asst_1" })
    expect(stub).to have_been_requested
    expect(run).to have_been_requested
  end

  it "are others while WebMock is disabled", :server do
    WebMock.disable!
    expect(PromptTracker::Native.interceptor).to be_nil
    ask
    expect($server.requests.map(&:to_s)).to eq(["POST /v1/responses"]) # rubocop:disable Style/GlobalVars
    expect(WebMock::RequestRegistry.instance.requested_signatures.hash).to be_empty
  end
end
