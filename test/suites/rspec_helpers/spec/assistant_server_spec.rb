# frozen_string_literal: true

require "webmock"

RSpec.describe ":assistant_server" do
  it "starts a server that the environment names", :assistant_server do
    assistant_server.answer("From the server.")
    expect(ENV.fetch("OPENAI_BASE_URL")).to eq(assistant_server.url)
    expect(ask[:text]).to eq("From the server.")
    expect(assistant_server.requests.map(&:to_s)).to eq(["POST /v1/threads/runs"])
    expect(PromptTracker).to have_asked_assistant("asst_1").with("Hello!").once
  end

  it "finds it as new in each example", :assistant_server do
    expect(assistant_server.requests).to be_empty
  end

  it "leaves the environment as it was" do
    expect(ENV.values_at("OPENAI_BASE_URL", "OPENAI_API_KEY")).to eq([nil, nil])
    expect(PromptTracker::Native.configuration.settings[:base_url]).to be_nil
  end

  context "where a base URL is set" do
    around do |example|
      elsewhere = "http://127.0.0.1:1/v1"
      PromptTracker::Native.configure { |c| c.base_url = elsewhere }
      example.run
      raise "it was not put back" unless PromptTracker::Native.configuration.base_url == elsewhere
    end

    it "takes its place, for that example", :assistant_server do
      expect(ask[:text]).to be_a(String)
      expect(assistant_server.requests.size).to eq(1)
    end
  end

  context "with WebMock" do
    before do
      WebMock.enable!
      WebMock.disable_net_connect!
    end

    after do
      WebMock.reset!
      WebMock.allow_net_connect!
      WebMock.disable!
    end

    it "is let through without WebMock being told of it", :assistant_server do
      seen = []
      WebMock.after_request { |request, _| seen << request }
      ask
      expect(seen).to be_empty
    ensure
      WebMock.reset_callbacks
    end

    it "is let through", :assistant_server do
      expect(ask[:text]).to be_a(String)
      expect(assistant_server.requests.size).to eq(6)
    end

    it "answers for stubbed assistants in memory, and leaves the rest to WebMock" do
      stub_assistant("asst_1").to_answer("In memory.")
      chat = WebMock.stub_request(:post, "https://api.openai.com/v1/chat/completions")
                    .to_return(body: '{"choices":[{"message":{"content":"WebMock"}}]}')
      expect(ask[:text]).to eq("In memory.")
      client = PromptTracker::Native::Client.new(access_token: "any")
      expect(client.chat(parameters: { model: "gpt-4o", messages: [] }).dig("choices", 0, "message",
                                                                            "content")).to eq("WebMock")
      expect(WebMock::RequestRegistry.instance.times_executed(chat.request_pattern)).to eq(1)
      expect(WebMock::RequestRegistry.instance.requested_signatures.hash.size).to eq(1)
    end

    it "asks WebMock where nothing is stubbed in memory" do
      ENV["OPENAI_API_KEY"] = "sk-any"
      expect { ask }.to raise_error(WebMock::NetConnectNotAllowedError)
    ensure
      ENV.delete("OPENAI_API_KEY")
    end
  end
end
