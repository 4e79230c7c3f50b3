# frozen_string_literal: true

require_relative "support"

# Servers that have less than OpenAI: no store, no conversations, no key.
RSpec.describe PromptTracker::OpenaiAssistantService, "with other servers of responses", :server do
  include_context "on the Responses wire"

  error = described_class::AssistantError

  describe "without a store" do
    before { server.quirk(:no_store) }

    it "answers" do
      expect(ask[:text]).to be_a(String)
      expect(request_lines).to eq(["POST /responses"])
    end

    it "fails with the response's id where the stream breaks: it can't be found" do
      server.breaks_stream(after: :in_progress)
      expect(failure_of { ask }).to be_instance_of(error).and have_attributes(run_id: server.responses.first["id"])
      expect(server.responses.size).to eq(1)
    end

    it "refuses to go on from a response, and says which" do
      thread = ask[:raw][:thread_id]
      expect { ask(thread_id: thread) }.to raise_error(error, /Previous response with id '#{thread}' not found/)
    end

    it "answers tool calls where the setting says that nothing is stored" do
      PromptTracker::Native.configure { |c| c.store = false }
      server.calls_tool("lookup", {}, then_answer: ->(out) { out["lookup"] })
      expect(ask(tools: { "lookup" => ->(_) { "found" } })[:text]).to eq("found")
      expect(bodies.map { |body| body["store"] }).to eq([false, false])
    end
  end

  describe "without conversations" do
    before { server.quirk(:no_conversations) }

    it "answers, and goes on from responses" do
      first = ask
      expect(ask(thread_id: first[:raw][:thread_id])[:text]).to be_a(String)
    end

    it "says that no conversation can be made" do
      raised = failure_of { ask(thread_id: :new) }
      expect(raised).to be_instance_of(error).and have_attributes(status: 404)
      expect(raised.message).to start_with("Failed to create thread: ")
      expect(server.responses).to eq([])
    end
  end

  describe "without a key" do
    around do |example|
      PromptTracker::Native::LocalServer.start(keyless: true) do |keyless|
        @keyless = keyless
        example.run
      end
    end

    before do
      ENV.delete("OPENAI_API_KEY")
      ENV["OPENAI_BASE_URL"] = @keyless.url
    end

    it "answers where the setting says so" do
      PromptTracker::Native.configure { |c| c.require_api_key = false }
      expect(ask[:text]).to be_a(String)
      expect(@keyless.requests.first.headers).not_to include("authorization")
    end

    it "gets no key that is OpenAI's, and one that is named for it" do
      ENV["OPENAI_API_KEY"] = "key-of-openai"
      ENV["MY_SERVER_KEY"] = "key-of-mine"
      PromptTracker::Native.configure { |c| c.require_api_key = false }
      ask
      PromptTracker.configure { |c| c.provider_api_key_env_vars = { openai_assistants: "MY_SERVER_KEY" } }
      ask
      expect(@keyless.requests.map { |request| request.headers["authorization"] }).to eq([nil, "Bearer key-of-mine"])
    ensure
      ENV.delete("MY_SERVER_KEY")
    end

    it "gets no key for a chat either" do
      ENV["OPENAI_API_KEY"] = "key-of-openai"
      PromptTracker::Native.configure do |c|
        c.require_api_key = false
        c.chat = :native
      end
      PromptTracker::LlmClientService.call(provider: "openai", model: "llama", prompt: "Hello!")
      expect(@keyless.requests.map { |request| request.headers["authorization"] }).to eq([nil])
    end

    it "needs the setting" do
      expect { ask }.to raise_error(error, "OPENAI_API_KEY environment variable not set")
      expect(@keyless.requests).to eq([])
    end

    it "always needs a key where the server is OpenAI's" do
      PromptTracker::Native.configure { |c| c.require_api_key = false }
      ENV["OPENAI_BASE_URL"] = "https://api.openai.com/v1"
      expect { ask }.to raise_error(error, "OPENAI_API_KEY environment variable not set")
    end
  end

  it "answers at a path such as Azure's" do
    ENV["OPENAI_BASE_URL"] = server.azure_url
    expect(ask[:text]).to be_a(String)
    expect(requests.map(&:path)).to eq(["/openai/v1/responses"])
  end
end
