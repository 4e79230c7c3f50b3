# frozen_string_literal: true

require "prompt_tracker/native"
require_relative "support/clean_environment"
require_relative "support/recorded_transport"

RSpec.describe PromptTracker::Native::Client do
  include_context "with a recorded transport"

  def transport_of(**settings)
    described_class.new(**settings).transport
  end

  describe ".new" do
    it "takes keywords or a Hash" do
      expect(described_class.new(access_token: "a").access_token).to eq("a")
      expect(described_class.new({ access_token: "a" }).access_token).to eq("a")
    end

    it "refuses what it does not know, and names it" do
      expect { described_class.new(acess_token: "secret") }
        .to raise_error(ArgumentError, /unknown: :acess_token; known are :access_token/) { |e|
          expect(e.message).not_to include("secret")
        }
      expect { described_class.new({ "access_token" => "secret" }) }.to raise_error(ArgumentError, /"access_token"/)
      expect { described_class.new("secret") }.to raise_error(ArgumentError, /takes keywords/)
    end

    it "takes all that ruby-openai takes, nil standing for the default" do
      keys = %i[access_token admin_token api_type api_version extra_headers log_errors organization_id project_id
                request_timeout uri_base]
      client = described_class.new(keys.to_h { |key| [key, nil] })
      expect(client).to have_attributes(
        access_token: nil, admin_token: nil, api_type: nil, api_version: "v1", extra_headers: {}, log_errors: false,
        organization_id: nil, project_id: nil, request_timeout: 120.0, uri_base: "https://api.openai.com/v1"
      )
    end

    it "falls back on the configuration" do
      PromptTracker::Native.configure do |c|
        c.base_url = "http://localhost:4000/api"
        c.organization = "org_1"
        c.project = "proj_1"
        c.request_timeout = 7
        c.extra_headers = { "X-Team" => "search" }
      end
      client = described_class.new
      expect(client).to have_attributes(uri_base: "http://localhost:4000/api", organization_id: "org_1",
                                        project_id: "proj_1", request_timeout: 7.0,
                                        extra_headers: { "X-Team" => "search" })
      expect(client.transport.url).to eq("http://localhost:4000/api")
    end

    it "takes the key from the environment for the configured server only" do
      ENV["OPENAI_API_KEY"] = "key-of-environment"
      expect(described_class.new.access_token).to eq("key-of-environment")
      expect(described_class.new(access_token: " ").access_token).to eq("key-of-environment")
      expect(described_class.new(uri_base: "http://localhost:11434").access_token).to be_nil
    end

    it "checks what it is given" do
      expect { described_class.new(uri_base: "localhost") }.to raise_error(ArgumentError, /\Auri_base must be/)
      expect { described_class.new(request_timeout: 0) }.to raise_error(ArgumentError, /\Arequest_timeout must/)
      expect { described_class.new(extra_headers: { "A" => "\n" }) }.to raise_error(ArgumentError, /\Aextra_headers/)
      expect { described_class.new(access_token: 5) }.to raise_error(ArgumentError, /\Aaccess_token must/)
      expect { described_class.new(api_version: "v1?x") }.to raise_error(ArgumentError, /\Aapi_version must/)
    end

    it "warns that a block is not called" do
      expect { described_class.new { raise "called" } }.to output(/there is no Faraday here/).to_stderr
    end
  end

  describe "the base URL" do
    {
      {} => "https://api.openai.com/v1",
      { uri_base: "https://api.openai.com/" } => "https://api.openai.com/v1",
      { uri_base: "https://api.openai.com/v1/" } => "https://api.openai.com/v1",
      { uri_base: "https://openrouter.ai/api/v1" } => "https://openrouter.ai/api/v1",
      { uri_base: "https://g.example/v1beta/openai/" } => "https://g.example/v1beta/openai",
      { uri_base: "http://localhost:11434" } => "http://localhost:11434/v1",
      { uri_base: "http://localhost", api_version: "v2" } => "http://localhost/v2",
      { uri_base: "https://x.openai.azure.com/openai", api_type: :azure } => "https://x.openai.azure.com/openai"
    }.each do |settings, url|
      it "is #{url} of #{settings}" do
        expect(transport_of(**settings).url).to eq(url)
      end
    end
  end

  describe "headers" do
    it "carry key, organization, project and the extra ones" do
      transport = transport_of(access_token: "a", organization_id: "org_1", project_id: "proj_1",
                               extra_headers: { "X-Team" => "search" })
      expect(transport.lasting_headers)
        .to eq("Authorization" => "Bearer a", "OpenAI-Organization" => "org_1", "OpenAI-Project" => "proj_1",
               "X-Team" => "search")
    end

    it "leave out what there is not" do
      expect(transport_of.lasting_headers).to eq({})
    end

    it "give way to extra ones of the same name, in whatever letters" do
      transport = transport_of(access_token: "a", extra_headers: { "authorization" => "Basic b", "X-None" => nil })
      expect(transport.lasting_headers).to eq("authorization" => "Basic b")
    end

    it "leave the content's type to the transport" do
      expect(transport_of(extra_headers: { "content-type" => "application/json" }).lasting_headers).to eq({})
    end

    it "are Azure's where the client is" do
      client = described_class.new(access_token: "a", api_type: "azure", uri_base: "https://x.example/openai")
      expect(client).to be_azure
      expect(client.transport.lasting_headers).to eq("api-key" => "a")
    end

    it "name the beta of the Assistants API on its resources, and only there" do
      [-> { client.threads.create }, -> { client.assistants.list }, -> { client.messages.list(thread_id: "t") },
       -> { client.runs.list(thread_id: "t") },
       -> { client.run_steps.list(thread_id: "t", run_id: "r") }].each do |list|
        list.call
        expect(RecordedTransport.last.lasting_headers).to include("OpenAI-Beta" => "assistants=v2")
      end
      expect(RecordedTransport.made.size).to eq(5)
      client.models.list
      expect(RecordedTransport.last.lasting_headers.keys).to eq(["Authorization"])
      client.chat
      expect(RecordedTransport.last.lasting_headers.keys).to eq(["Authorization"])
    end
  end

  describe "#beta" do
    it "is a copy, and leaves the client as it was" do
      beta = client.beta(assistants: "v2", responses: "v3")
      expect(beta.extra_headers).to eq("OpenAI-Beta" => "assistants=v2;responses=v3")
      expect(client.extra_headers).to eq({})
      expect(beta.transport).not_to be(client.transport)
    end

    it "replaces a beta that was set before" do
      client.add_headers("openai-beta" => "old=v1")
      expect(client.beta(assistants: "v2").extra_headers).to eq("OpenAI-Beta" => "assistants=v2")
    end
  end

  describe "#add_headers" do
    it "counts for all that the client sends from then on" do
      client.threads.create
      client.add_headers("X-Team": "search")
      client.threads.create
      expect(RecordedTransport.last.lasting_headers).to include("X-Team" => "search", "OpenAI-Beta" => "assistants=v2")
    end
  end

  describe "#access_token=" do
    it "counts for all that the client sends from then on" do
      client.models.list
      client.access_token = "other"
      client.models.list
      expect(RecordedTransport.last.lasting_headers).to eq("Authorization" => "Bearer other")
    end
  end

  describe "#admin" do
    it "is a copy with the admin token" do
      client = described_class.new(access_token: "a", admin_token: "b")
      expect(client.admin.transport.lasting_headers).to eq("Authorization" => "Bearer b")
      expect(client.transport.lasting_headers).to eq("Authorization" => "Bearer a")
    end

    it "needs one" do
      expect { client.admin }.to raise_error(PromptTracker::Native::ConfigurationError, /admin token/)
    end
  end

  describe "#transport" do
    it "is one for a client, with the configuration's settings" do
      PromptTracker::Native.configuration.connect_timeout = 3
      ENV["https_proxy"] = "http://proxy:3128"
      expect(client.transport).to be(client.transport)
      expect(client.transport.options).to include(connect_timeout: 3.0, proxy: "http://proxy:3128", verify: true)
    end

    it "is one for all calls of a resource" do
      3.times { client.threads.create }
      expect(RecordedTransport.made.size).to eq(1)
    end
  end

  describe "#with_deadline" do
    it "bounds every request of the copy, and none of the original's" do
      client = described_class.new(request_timeout: 20)
      client.threads.create
      client.with_deadline(now + 15).threads.create
      expect(sent.timeout).to be_between(10, 15)
      client.models.list
      expect(sent.timeout).to eq(20.0)
    end

    it "never lengthens the request timeout, nor an earlier deadline" do
      client.with_deadline(now + 500).models.list
      expect(sent.timeout).to eq(120.0)
      client.with_deadline(now + 5).with_deadline(now + 50).models.list
      expect(sent.timeout).to be <= 5
    end

    it "counts alone where requests have no timeout" do
      PromptTracker::Native.configuration.request_timeout = nil
      client.models.list
      expect(sent.timeout).to be_nil
      client.with_deadline(now + 15).models.list
      expect(sent.timeout).to be_between(10, 15)
    end

    it "sends nothing after it" do
      late = client.with_deadline(now - 1)
      expect { late.models.list }.to raise_error(PromptTracker::Native::TimeoutError, /was over/)
      expect(RecordedTransport.made.flat_map(&:requests)).to be_empty
    end

    it "shares the transport" do
      expect(client.with_deadline(now + 5).transport).not_to be_nil
      client.transport
      expect(client.with_deadline(now + 5).transport).to be(client.transport)
    end
  end

  it "is written to no file, as it holds a key" do
    require "yaml"
    [-> { YAML.dump(client) }, -> { Marshal.dump(client) }].each do |dump|
      expect(&dump).to raise_error(TypeError, /holds a key/)
    end
  end

  describe "#inspect" do
    it "shows no key and no header" do
      client = described_class.new(access_token: "secret-1", admin_token: "secret-2", organization_id: "secret-3",
                                   project_id: "secret-4", extra_headers: { "X" => "secret-5" })
      client.transport
      shown = [client, client.threads, client.models, client.beta(assistants: "v2")]
      expect(shown.map { |object| "#{object.inspect} #{object}" }.join).not_to include("secret")
      expect(client.inspect).to include("uri_base=\"https://api.openai.com/v1\"", "access_token=[hidden]")
    end
  end
end
