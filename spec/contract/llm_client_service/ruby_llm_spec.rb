# frozen_string_literal: true

# Standard chat where the bundle has ruby_llm, of which only the public surface is played here.
RSpec.describe PromptTracker::LlmClientService, "with ruby_llm" do
  let(:message) do
    double("RubyLLM::Message", content: "It is sunny.", model_id: "gpt-4o-2024-08-06", input_tokens: 10,
                               output_tokens: 8)
  end
  let(:chat) do
    double("RubyLLM::Chat").tap do |chat|
      allow(chat).to receive_messages(with_temperature: chat, with_params: chat, with_schema: chat, ask: message)
    end
  end
  let(:ruby_llm) do
    Module.new { def self.chat(model:) = raise("not stubbed: #{model}") }
  end

  before do
    stub_const("RubyLLM", ruby_llm)
    allow(ruby_llm).to receive(:chat).and_return(chat)
  end

  def call(**more, &block)
    described_class.call(provider: "openai", model: "gpt-4o", prompt: "Hello!", **more, &block)
  end

  it "asks RubyLLM.chat(model:) and gives the result its shape" do
    expect(call).to eq(text: "It is sunny.", model: "gpt-4o-2024-08-06", raw: message,
                       usage: { prompt_tokens: 10, completion_tokens: 8, total_tokens: 18 })
    expect(ruby_llm).to have_received(:chat).once.with(model: "gpt-4o")
    expect(chat).to have_received(:ask).once.with("Hello!")
  end

  it "gives the message itself as raw" do
    expect(call[:raw]).to be(message)
  end

  it "serves any provider, without a key of its own" do
    expect(described_class.call(provider: "anthropic", model: "claude-3-opus", prompt: "Hello!")[:text])
      .to eq("It is sunny.")
  end

  it "counts no tokens as 0" do
    allow(message).to receive_messages(input_tokens: nil, output_tokens: nil)
    expect(call[:usage]).to eq(prompt_tokens: 0, completion_tokens: 0, total_tokens: 0)
  end

  describe "temperature" do
    it "is 0.7 by default" do
      call
      expect(chat).to have_received(:with_temperature).once.with(0.7)
    end

    it "is the given one" do
      call(temperature: 0)
      expect(chat).to have_received(:with_temperature).once.with(0)
    end

    it "is left to the model where it is nil" do
      call(temperature: nil)
      expect(chat).not_to have_received(:with_temperature)
    end
  end

  describe "parameters" do
    # Says what kind of argument came, which a double with `with` would not on every Ruby.
    def received
      seen = nil
      allow(chat).to receive(:with_params) do |*positional, **keywords, &block|
        seen = [positional, keywords, block]
        chat
      end
      yield
      seen
    end

    it "go as keywords, without timeout" do
      expect(received { call(max_tokens: 100, top_p: 0.5, timeout: 30) })
        .to eq([[], { max_tokens: 100, top_p: 0.5 }, nil])
    end

    it "leave out a max_tokens that was not given" do
      expect(received { call(top_p: 0.5) }).to eq([[], { top_p: 0.5 }, nil])
    end

    it "are not set where there are none" do
      expect(received { call(timeout: 30) }).to be_nil
    end

    it "are not set where the setting says so" do
      PromptTracker::Native.configure { |c| c.ruby_llm_params = false }
      expect(received { call(max_tokens: 100, top_p: 0.5) }).to be_nil
    end
  end

  it "chains: each step is asked of what the one before returned" do
    last = double("chat with parameters", ask: message)
    warm = double("chat with temperature", with_params: last)
    allow(chat).to receive(:with_temperature).and_return(warm)
    expect(call(max_tokens: 1)[:text]).to eq("It is sunny.")
  end

  it "lets ruby_llm's errors pass as they are" do
    klass = stub_const("RubyLLM::RateLimitError", Class.new(StandardError))
    original = klass.new("Rate limit exceeded")
    allow(chat).to receive(:ask).and_raise(original)
    expect { call }.to raise_error(klass) { |raised| expect(raised).to be(original) }
  end

  it "yields text as it arrives, where there is a block" do
    chunks = ["It is ", nil, "sunny."].map { |content| double("chunk", content: content) }
    allow(chat).to receive(:ask) do |_prompt, &block|
      chunks.each(&block)
      message
    end
    expect { |block| call(&block) }.to yield_successive_args("It is ", "sunny.")
  end

  it "is not used where the setting says native", :server do
    PromptTracker::Native.configure { |c| c.chat = :native }
    call
    expect(ruby_llm).not_to have_received(:chat)
    expect(request_lines).to eq(["POST /chat/completions"])
  end

  describe ".call_with_schema" do
    let(:schema) { Class.new }

    def call_with_schema(**more)
      described_class.call_with_schema(provider: "openai", model: "gpt-4o", prompt: "Hello!", schema: schema, **more)
    end

    before { allow(message).to receive(:content).and_return({ "score" => 8.5, "feedback" => "Good" }) }

    it "gives the schema to the chat, and the content as JSON" do
      expect(call_with_schema).to include(text: "{\"score\":8.5,\"feedback\":\"Good\"}", raw: message)
      expect(chat).to have_received(:with_schema).once.with(schema)
      expect(chat).to have_received(:with_temperature).with(0.7)
      expect(chat).to have_received(:ask).with("Hello!")
    end

    it "writes the JSON with the content's own to_json" do
      allow(message).to receive(:content).and_return(Class.new { def to_json(*) = "own" }.new)
      expect(call_with_schema[:text]).to eq("own")
    end

    it "passes parameters too" do
      call_with_schema(temperature: 0.2, max_tokens: 9)
      expect(chat).to have_received(:with_temperature).with(0.2)
      expect(chat).to have_received(:with_params).with(max_tokens: 9)
    end

    it "needs a schema" do
      expect { call_with_schema(schema: nil) }
        .to raise_error(ArgumentError, "Schema is required for call_with_schema")
      expect(ruby_llm).not_to have_received(:chat)
    end

    it "needs one on an instance too" do
      expect { described_class.new(model: "gpt-4o", prompt: "Hello!").call_with_schema }
        .to raise_error(ArgumentError, "Schema is required for call_with_schema")
    end
  end
end
