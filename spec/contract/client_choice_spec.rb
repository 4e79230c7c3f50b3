# frozen_string_literal: true

require_relative "../support/ruby_openai"

# Whose client a service uses: the rule that lets specs go on which stub OpenAI::Client.new.
RSpec.describe PromptTracker::OpenaiAssistantService, "#client", :server do
  ours = PromptTracker::Native::Client

  def client = described_class.new(assistant_id: "asst_1", prompt: "Hello!").client

  # A class with the signature of ruby-openai's.
  def openai_client
    stub_const("OpenAI::Client", Class.new { def initialize(_config = {}, &_block) = nil })
  end

  it "is ours where nothing else is there" do
    hide_const("OpenAI")
    expect(client).to be_instance_of(ours)
  end

  it "is ours where another OpenAI::Client is loaded but not stubbed" do
    openai_client
    expect(client).to be_instance_of(ours)
  end

  it "is ours where OpenAI has no Client" do
    stub_const("OpenAI", Module.new)
    expect(client).to be_instance_of(ours)
  end

  it "is made by OpenAI::Client where that is ours" do
    stub_const("OpenAI::Client", ours)
    expect(client).to be_instance_of(ours)
  end

  it "is made by OpenAI::Client where that inherits from ours" do
    heir = stub_const("OpenAI::Client", Class.new(ours))
    expect(client).to be_instance_of(heir)
  end

  it "is what a stubbed OpenAI::Client.new returns" do
    stand_in = double("client")
    allow(openai_client).to receive(:new).and_return(stand_in)
    expect(client).to be(stand_in)
  end

  it "is asked for with exactly the key as access_token, where OpenAI::Client.new is stubbed" do
    klass = openai_client
    allow(klass).to receive(:new).and_return(double("client"))
    client
    expect(klass).to have_received(:new).once.with(access_token: SharedServer::KEY)
  end

  it "is asked for in the same way where OpenAI::Client is ours and stubbed" do
    stub_const("OpenAI::Client", ours)
    allow(ours).to receive(:new).and_return(double("client"))
    client
    expect(ours).to have_received(:new).once.with(access_token: SharedServer::KEY)
  end

  it "is ours again when the stub is gone" do
    klass = openai_client
    klass.define_singleton_method(:new) { |**| :stubbed }
    expect(client).to be(:stubbed)
    klass.singleton_class.send(:remove_method, :new)
    expect(client).to be_instance_of(ours)
  end

  it "is what OpenAI::Client.new makes where a stub calls the original" do
    klass = openai_client
    allow(klass).to receive(:new).and_call_original
    expect(client).to be_instance_of(klass)
  end

  it "is not asked for before the key is there" do
    klass = openai_client
    allow(klass).to receive(:new)
    ENV.delete("OPENAI_API_KEY")
    expect { client }.to raise_error(described_class::AssistantError)
    expect(klass).not_to have_received(:new)
  end

  it "is what a subclass's private build_client returns" do
    stand_in = double("client")
    subclass = Class.new(described_class) do
      define_method(:build_client) { stand_in }
      private :build_client
    end
    ENV.delete("OPENAI_API_KEY")
    expect(subclass.new(assistant_id: "asst_1", prompt: "Hello!").client).to be(stand_in)
  end

  it "may be built by a subclass on ours" do
    subclass = Class.new(described_class) do
      private

      def build_client = PromptTracker::Native::Client.new(access_token: "sk-of-the-subclass")
    end
    subclass.call(assistant_id: "asst_1", prompt: "Hello!")
    expect(requests.map { |request| request.headers["authorization"] }).to eq(["Bearer sk-of-the-subclass"])
    expect(request_lines).to eq(["POST /threads/runs"])
  end

  it "reports a setting that can't work as an AssistantError" do
    ENV["OPENAI_BASE_URL"] = "not a url"
    expect { client }.to raise_error(described_class::AssistantError, /OPENAI_BASE_URL/)
  end

  context "with the real ruby-openai gem" do
    before do
      skip RubyOpenai.missing unless RubyOpenai.module
      stub_const("OpenAI", RubyOpenai.module)
    end

    it "is ours while it is loaded but not stubbed" do
      expect(client).to be_instance_of(ours)
    end

    it "is the instance double that a spec gives for it" do
      stand_in = instance_double(OpenAI::Client)
      allow(OpenAI::Client).to receive(:new).and_return(stand_in)
      expect(client).to be(stand_in)
    end

    it "is the gem's own where a spec calls the original" do
      allow(OpenAI::Client).to receive(:new).and_call_original
      expect(client).to be_instance_of(OpenAI::Client)
    end
  end
end
