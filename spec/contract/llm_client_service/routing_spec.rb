# frozen_string_literal: true

# Which calls of PromptTracker::LlmClientService go to an assistant, and with what.
RSpec.describe PromptTracker::LlmClientService, "routing" do
  assistants = PromptTracker::OpenaiAssistantService
  answer = { text: "It is sunny." }

  def call(provider: "openai", model: "gpt-4o", **more, &block)
    described_class.call(provider: provider, model: model, prompt: "Hello!", **more, &block)
  end

  describe "to an assistant" do
    before { allow(assistants).to receive(:call).and_return(answer) }

    {
      { provider: "openai_assistants", model: "asst_abc123" } => "asst_abc123",
      { provider: :openai_assistants, model: "asst_abc123" } => "asst_abc123",
      { provider: "openai_assistants", model: "a-self-hosted-one" } => "a-self-hosted-one",
      { provider: "openai", model: "asst_abc123" } => "asst_abc123",
      { provider: nil, model: "asst_abc123" } => "asst_abc123",
      { provider: "openai", model: :asst_abc123 } => :asst_abc123
    }.each do |given, assistant_id|
      it "goes with exactly three keywords from #{given}" do
        expect(call(**given)).to be(answer)
        expect(assistants).to have_received(:call).once
                                                  .with(assistant_id: assistant_id, prompt: "Hello!", timeout: 60)
      end
    end

    ["asst", "ASST_abc", " asst_abc", "my_asst_abc", ""].each do |model|
      it "does not go for the model #{model.inspect}" do
        allow(described_class).to receive(:new).and_return(instance_double(described_class, call: {}))
        PromptTracker::Native.configure { |c| c.chat = :native }
        call(model: model)
        expect(assistants).not_to have_received(:call)
      end
    end

    it "takes temperature and max_tokens, which are for standard chat, and leaves them out" do
      call(model: "asst_abc123", temperature: 0.1, max_tokens: 5)
      expect(assistants).to have_received(:call).with(assistant_id: "asst_abc123", prompt: "Hello!", timeout: 60)
    end

    it "passes the timeout on as it is" do
      call(model: "asst_abc123", timeout: 120)
      expect(assistants).to have_received(:call).with(assistant_id: "asst_abc123", prompt: "Hello!", timeout: 120)
    end

    it "takes 60 seconds where the timeout is nil" do
      call(model: "asst_abc123", timeout: nil)
      expect(assistants).to have_received(:call).with(assistant_id: "asst_abc123", prompt: "Hello!", timeout: 60)
    end

    it "passes on what the service knows, where it was given" do
      options = { thread_id: "thread_1", tools: { "f" => -> {} }, flow: :polling, instructions: "Be brief.",
                  metadata: { a: "b" } }
      call(model: "asst_abc123", **options)
      expect(assistants).to have_received(:call)
        .with(assistant_id: "asst_abc123", prompt: "Hello!", timeout: 60, **options)
    end

    it "passes on what was given as nil" do
      call(model: "asst_abc123", thread_id: nil)
      expect(assistants).to have_received(:call)
        .with(assistant_id: "asst_abc123", prompt: "Hello!", timeout: 60, thread_id: nil)
    end

    it "drops what the service does not know, with one warning that names it" do
      expect { call(model: "asst_abc123", seed: 1, logprobs: true) }.to output(/\A[^\n]*seed, logprobs\n\z/).to_stderr
      expect(assistants).to have_received(:call).with(assistant_id: "asst_abc123", prompt: "Hello!", timeout: 60)
    end

    it "leaves the caller's Hash as it was" do
      options = { timeout: 5, thread_id: "thread_1" }.freeze
      call(model: "asst_abc123", **options)
      expect(options).to eq(timeout: 5, thread_id: "thread_1")
    end

    it "passes the block on" do
      allow(assistants).to receive(:call).and_yield("It is ").and_yield("sunny.")
      expect { |block| call(model: "asst_abc123", &block) }.to yield_successive_args("It is ", "sunny.")
    end

    it "lets the service's errors through" do
      allow(assistants).to receive(:call).and_raise(assistants::AssistantError, "Assistant run expired")
      expect { call(model: "asst_abc123") }.to raise_error(assistants::AssistantError, "Assistant run expired")
    end
  end

  it "works end to end", :server do
    server.answer("It is sunny.")
    result = call(provider: "openai_assistants", model: "asst_abc123", thread_id: nil)
    expect(result).to include(text: "It is sunny.", model: "asst_abc123")
    expect(request_lines).to eq(["POST /threads/runs"])
  end

  describe "to standard chat" do
    it "is new and call, by ordinary dispatch" do
      PromptTracker::Native.configure { |c| c.chat = :native }
      service = instance_double(described_class, call: answer)
      allow(described_class).to receive(:new).and_return(service)
      expect(call(temperature: 0.1, max_tokens: 5, top_p: 0.5)).to be(answer)
      expect(described_class).to have_received(:new)
        .with(model: "gpt-4o", prompt: "Hello!", temperature: 0.1, max_tokens: 5, top_p: 0.5)
    end

    it "has a temperature of 0.7 and no limit by default" do
      PromptTracker::Native.configure { |c| c.chat = :native }
      allow(described_class).to receive(:new).and_return(instance_double(described_class, call: answer))
      call
      expect(described_class).to have_received(:new)
        .with(model: "gpt-4o", prompt: "Hello!", temperature: 0.7, max_tokens: nil)
    end

    it "makes instances of a subclass" do
      PromptTracker::Native.configure { |c| c.chat = :native }
      subclass = Class.new(described_class) { def call = [self.class, model] }
      expect(subclass.call(provider: "openai", model: "gpt-4o", prompt: "Hello!")).to eq([subclass, "gpt-4o"])
    end
  end

  describe ".call_openai_assistant" do
    def assist(**more, &block)
      described_class.call_openai_assistant(assistant_id: "asst_abc123", prompt: "Hello!", **more, &block)
    end

    it "is the assistant service's call" do
      allow(assistants).to receive(:call).and_return(answer)
      expect(assist(timeout: 5, thread_id: "thread_1")).to be(answer)
      expect(assistants).to have_received(:call)
        .with(assistant_id: "asst_abc123", prompt: "Hello!", timeout: 5, thread_id: "thread_1")
    end

    it "passes the block on" do
      allow(assistants).to receive(:call).and_yield("It is sunny.")
      expect { |block| assist(&block) }.to yield_with_args("It is sunny.")
    end

    it "fails with an ApiError and a prefix, and keeps the error with what it knew" do
      original = assistants::AssistantError.new("Assistant run expired")
      { status: 500, request_id: "req_1", run_id: "run_1", code: "c" }.each do |name, value|
        original.instance_variable_set(:"@#{name}", value)
      end
      allow(assistants).to receive(:call).and_raise(original)
      expect { assist }.to raise_error(described_class::ApiError) { |raised|
        expect(raised).to be_instance_of(described_class::ApiError)
        expect(raised).to have_attributes(message: "OpenAI Assistant API error: Assistant run expired",
                                          status: 500, request_id: "req_1", run_id: "run_1", code: "c")
        expect(raised.cause).to be(original)
      }
    end

    it "fails so for a missing key, and for any other StandardError" do
      expect { assist }.to raise_error(described_class::ApiError,
                                       "OpenAI Assistant API error: OPENAI_API_KEY environment variable not set")
      allow(assistants).to receive(:call).and_raise(IOError, "closed")
      expect { assist }.to raise_error(described_class::ApiError, "OpenAI Assistant API error: closed")
    end
  end

  describe "its signatures" do
    call = [%i[keyreq provider], %i[keyreq model], %i[keyreq prompt], %i[key temperature], %i[key max_tokens],
            %i[keyrest options], %i[block block]]

    it "show the keywords" do
      expect(described_class.method(:call).parameters).to eq(call)
      expect(described_class.method(:call_with_schema).parameters).to eq(
        [*call.first(3), %i[keyreq schema], %i[key temperature], %i[key max_tokens], %i[keyrest options]]
      )
      expect(described_class.method(:call_openai_assistant).parameters)
        .to eq([%i[keyreq assistant_id], %i[keyreq prompt], %i[keyrest options], %i[block block]])
    end

    it "hold for verifying doubles" do
      allow(described_class).to receive(:call).and_return(answer)
      expect(call(temperature: 1)).to be(answer)
      expect { described_class.call("gpt-4o", "Hello!") }.to raise_error(ArgumentError)
      stand_in = class_double(described_class, call_with_schema: answer)
      expect { stand_in.call_with_schema(provider: "p", model: "m", prompt: "Hello!") }.to raise_error(ArgumentError)
    end
  end

  it "has readers" do
    service = described_class.new(model: "m", prompt: "Hello!", temperature: 0.1, max_tokens: 5, schema: {}, top_p: 0.5)
    expect(service).to have_attributes(model: "m", prompt: "Hello!", temperature: 0.1, max_tokens: 5, schema: {},
                                       options: { top_p: 0.5 })
    expect(described_class.new(model: "m", prompt: "Hello!"))
      .to have_attributes(temperature: 0.7, max_tokens: nil, schema: nil, options: {})
  end

  it "has four kinds of errors" do
    %i[UnsupportedProviderError MissingApiKeyError ApiError UnsupportedModelError].each do |name|
      expect(described_class.const_get(name).superclass).to be(StandardError)
    end
  end
end
