# frozen_string_literal: true

# What a call takes from the environment, from PromptTracker.configure and from an engine that has its own.
RSpec.describe PromptTracker::OpenaiAssistantService, "and the configuration", :server do
  def headers = requests.last.headers

  describe "the environment" do
    it "says where requests go, with and without a slash at the end" do
      ENV["OPENAI_BASE_URL"] = "#{server.url}/"
      ask
      expect(request_lines).to eq(["POST /threads/runs"])
    end

    it "may name a path of any depth" do
      ENV["OPENAI_BASE_URL"] = "#{server.url.delete_suffix("/v1")}/team/a/v1"
      server.raw(on: /./, status: 404, body: "")
      failure_of { ask }
      expect(requests.map(&:path)).to eq(["/team/a/v1/threads/runs"])
    end

    it "counts at each call" do
      ask
      ENV["OPENAI_BASE_URL"] = "http://127.0.0.1:1/v1"
      PromptTracker::Native.configure { |c| c.max_retries = 0 }
      expect { ask }.to raise_error(described_class::AssistantError, /127\.0\.0\.1:1/)
      ENV["OPENAI_BASE_URL"] = server.url
      expect(ask[:text]).to be_a(String)
    end

    it "gives way to the gem's own setting" do
      ENV["OPENAI_BASE_URL"] = "http://127.0.0.1:1/v1"
      PromptTracker::Native.configure { |c| c.base_url = server.url }
      expect(ask[:text]).to be_a(String)
    end

    it "names organization and project" do
      ENV["OPENAI_ORG_ID"] = "org-1"
      ENV["OPENAI_PROJECT_ID"] = "proj_1"
      [{}, { flow: :polling }].each do |flow|
        ask(**flow)
        expect(headers).to include("openai-organization" => "org-1", "openai-project" => "proj_1")
      end
    end

    it "names neither by default" do
      ask
      expect(headers.keys).not_to include("openai-organization", "openai-project")
    end

    it "may send requests through a proxy, but not to hosts that no_proxy names" do
      ENV["http_proxy"] = server.url.delete_suffix("/v1")
      ENV["OPENAI_BASE_URL"] = "http://api.example.invalid/v1"
      expect(ask[:text]).to be_a(String)
      expect(headers["host"]).to eq("api.example.invalid")
      ENV["no_proxy"] = "api.example.invalid"
      PromptTracker::Native.configure { |c| c.max_retries = 0 }
      expect { ask(timeout: 5) }.to raise_error(described_class::AssistantError, /api\.example\.invalid/)
    end
  end

  describe "extra headers" do
    it "are sent with every request" do
      PromptTracker::Native.configure { |c| c.extra_headers = { "X-Team" => "search" } }
      ask(flow: :polling)
      expect(requests.map { |request| request.headers["x-team"] }.uniq).to eq(["search"])
    end
  end

  it "asks for compressed answers, but not for compressed streams" do
    ask(flow: :polling)
    expect(requests.map { |request| request.headers["accept-encoding"] }).to all(include("gzip"))
    ask
    expect(headers["accept-encoding"]).to eq("identity")
  end

  describe "PromptTracker.configure" do
    it "names the variable of the key" do
      PromptTracker.configure { |config| config.provider_api_key_env_vars = { openai_assistants: "MY_OPENAI_KEY" } }
      ENV["MY_OPENAI_KEY"] = "sk-from-my-variable"
      ask
      expect(headers["authorization"]).to eq("Bearer sk-from-my-variable")
    end

    it "names it for assistants apart from other providers" do
      PromptTracker.configure { |config| config.provider_api_key_env_vars = { openai: "MY_OPENAI_KEY" } }
      ENV["MY_OPENAI_KEY"] = "sk-from-my-variable"
      ask
      expect(headers["authorization"]).to eq("Bearer #{SharedServer::KEY}")
    end
  end

  # An engine's configuration as its first generation has it.
  engine = <<~RUBY
    module PromptTracker
      class Configuration
        attr_accessor :available_models, :provider_api_key_env_vars

        def initialize
          @available_models = {}
          @provider_api_key_env_vars = { openai_assistants: "ENGINE_KEY" }
        end
      end

      def self.configuration = @configuration ||= Configuration.new
      def self.configure = yield(configuration)
    end
  RUBY
  used = <<~RUBY
    PromptTracker.configure { |config| config.available_models = { openai: ["gpt-4o"] } }
    begin
      PromptTracker::OpenaiAssistantService.new(assistant_id: "asst_1", prompt: "Hello!")
    rescue PromptTracker::LlmClientService::ApiError => e
      puts e.message
    end
    ENV["ENGINE_KEY"] = "sk-of-the-engine"
    puts PromptTracker::OpenaiAssistantService.new(assistant_id: "asst_1", prompt: "Hello!").client.access_token
    puts PromptTracker.configuration.class, PromptTracker.configuration.available_models[:openai]
  RUBY
  said = "ENGINE_KEY environment variable not set\nsk-of-the-engine\nPromptTracker::Configuration\ngpt-4o\n"

  describe "an engine's own configuration", :child_process do
    it "is used where the engine was loaded first" do
      expect(expect_clean(used, before: engine)).to eq(said)
    end

    it "is used where the engine is loaded later" do
      expect(expect_clean("#{engine}#{used}")).to eq(said)
    end

    it "is used where the gem's own had been used before" do
      early = "PromptTracker.configure { |config| config.provider_api_key_env_vars = {} }\n"
      expect(expect_clean("#{early}#{engine}#{used}")).to eq(said)
    end
  end

  it "copes with a configuration that has no such setting" do
    allow(PromptTracker).to receive(:configuration).and_return(Object.new)
    expect(ask[:text]).to be_a(String)
  end
end
