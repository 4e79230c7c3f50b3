# frozen_string_literal: true

require_relative "support/classic"

RSpec.describe PromptTracker::Native::Conversation, :server, :classic do
  error = PromptTracker::OpenaiAssistantService::AssistantError

  before do
    server.quirk(:after_shutdown)
    server.quirk(:no_store)
    server.quirk(:no_conversations)
    define_assistant
  end

  let(:conversation) { described_class.new(assistant_id: Classic::ASSISTANT) }

  it "gives the service's result, and sends the history" do
    server.answer("Paris.")
    server.answer("Rome.")
    expect(conversation.ask("Capital of France?")).to match(
      text: "Paris.", model: Classic::ASSISTANT,
      usage: { prompt_tokens: Integer, completion_tokens: Integer, total_tokens: Integer },
      raw: { thread_id: nil, run_id: /\Aresp_/, assistant_message: include("role" => "assistant"),
             message: include("thread_id" => nil), run: include("status" => "completed"),
             response: include("object" => "response") }
    )
    expect(conversation.ask("And of Italy?")[:text]).to eq("Rome.")
    expect(last_body["input"].map { |item| item["content"] })
      .to eq(["Capital of France?", "Paris.", "And of Italy?"])
    expect(last_body["store"]).to be(false)
    expect(lines).to eq(["POST /responses"] * 2)
  end

  it "gives the text as it comes" do
    server.answer("It is sunny.", deltas: ["It is ", "sunny."])
    deltas = []
    result = conversation.ask("Weather?") { |delta| deltas << delta }
    expect(deltas).to eq(["It is ", "sunny."])
    expect(result[:text]).to eq("It is sunny.")
    expect(last_body["stream"]).to be(true)
  end

  it "gives a refusal's text too" do
    server.refuses("I can't.")
    deltas = []
    expect(conversation.ask("x") { |delta| deltas << delta }[:text]).to eq("I can't.")
    expect(deltas.join).to eq("I can't.")
    expect(conversation.messages.last).to eq("role" => "assistant", "content" => "I can't.")
  end

  it "gives the text once where the server answers with JSON" do
    server.quirk(:json_for_stream)
    server.answer("It is sunny.")
    deltas = []
    conversation.ask("Weather?") { |delta| deltas << delta }
    expect(deltas).to eq(["It is sunny."])
  end

  [false, true].each do |streamed|
    it "calls tools#{" and streams" if streamed}" do
      server.calls_tool("get_weather", { city: "Berlin" }, then_answer: ->(out) { "It is #{out["get_weather"]}." })
      conversation = described_class.new(assistant_id: Classic::ASSISTANT,
                                         tools: { "get_weather" => ->(arguments) { "sunny in #{arguments["city"]}" } })
      deltas = []
      result = streamed ? conversation.ask("Weather?") { |delta| deltas << delta } : conversation.ask("Weather?")
      expect(result[:text]).to eq("It is sunny in Berlin.")
      expect(deltas.join).to eq(streamed ? "It is sunny in Berlin." : "")
      expect(result[:usage][:total_tokens]).to be > result[:raw][:response]["usage"]["total_tokens"]
      conversation.ask("Thanks!")
      expect(last_body["input"].map { |item| item["type"] })
        .to eq(%w[message function_call function_call_output message message])
    end
  end

  it "keeps its messages as plain JSON, and goes on from them" do
    server.answer("Paris.")
    conversation.ask("Capital of France?")
    parts = [{ type: "text", text: "And this?" }, { type: "image_url", image_url: { url: "https://x.example/a.png" } }]
    conversation.ask(parts)
    saved = JSON.parse(JSON.generate(conversation.messages))
    expect(saved.first(2)).to eq([{ "role" => "user", "content" => "Capital of France?" },
                                  { "role" => "assistant", "content" => "Paris." }])
    other = described_class.new(assistant_id: Classic::ASSISTANT, messages: saved)
    expect(other.messages).to eq(conversation.messages)
    other.ask("Go on.")
    expect(last_body["input"].size).to eq(5)
    expect(last_body["input"][2]["content"].map { |part| part["type"] }).to eq(%w[input_text input_image])
  end

  it "takes the options of a run" do
    conversation = described_class.new(assistant_id: Classic::ASSISTANT, additional_instructions: "In German.",
                                       temperature: 0.1)
    conversation.ask("x")
    expect(last_body).to include("instructions" => "Answer briefly.\n\nIn German.", "temperature" => 0.1)
    expect(last_body).not_to have_key("metadata")
    expect { described_class.new(assistant_id: Classic::ASSISTANT, x: 1).ask("x") }.to raise_error(ArgumentError, /x/)
  end

  describe "a question that fails" do
    def failure(conversation = self.conversation, &block)
      failure = failure_of { conversation.ask("x", &block) }
      expect(conversation.messages).to eq([])
      failure
    end

    it "leaves no trace" do
      server.ends_with("failed", last_error: { message: "Out of order" })
      expect(failure).to be_a(error).and have_attributes(message: "Assistant run failed: Out of order")
      server.ends_with("incomplete")
      expect(failure.message).to eq("Assistant run incomplete: max_completion_tokens")
      server.fails_with(400, on: "POST /responses")
      expect(failure).to be_a(error).and have_attributes(message: /\AFailed to run assistant: /, status: 400)
      server.calls_tool("get_weather")
      expect(failure.message).to match(/requires action/)
      expect(conversation.ask("x")[:text]).to be_a(String)
    end

    it "is over in time" do
      server.stays
      conversation = described_class.new(assistant_id: Classic::ASSISTANT, timeout: 0.1)
      expect(failure(conversation).message).to eq("Assistant run timed out after 0.1 seconds")
    end

    it "passes on what the block raises" do
      expect(failure { raise KeyError, "mine" }).to be_a(KeyError).and have_attributes(message: "mine")
    end

    it "names an error that comes as an event" do
      server.answer("It is sunny.", delay: 0.2)
      server.breaks_stream(after: "response.in_progress", how: :error)
      expect(failure { |_| nil }).to be_a(error)
    end

    it "says which definition is missing" do
      expect(failure(described_class.new(assistant_id: "asst_x")))
        .to be_a(error).and have_attributes(message: /no definition of asst_x.*Looked for/m)
    end

    it "says that the key is missing" do
      ENV.delete("OPENAI_API_KEY")
      expect(failure.message).to eq("OPENAI_API_KEY environment variable not set")
    end
  end

  it "refuses what can't be one" do
    expect { conversation.ask("") }.to raise_error(ArgumentError, /prompt/)
    expect { described_class.new(assistant_id: "").ask("x") }.to raise_error(ArgumentError, /assistant_id/)
    expect { described_class.new(assistant_id: "asst_1", messages: [{ role: "tool", content: "x" }]) }
      .to raise_error(ArgumentError, /messages\[0\]\.role/)
    expect { described_class.new(assistant_id: "asst_1", client: Object.new) }.to raise_error(ArgumentError, /client/)
  end

  it "can have a client of its own" do
    other = PromptTracker::Native::Client.new(uri_base: server.url, access_token: "other-key")
    described_class.new(assistant_id: Classic::ASSISTANT, client: other).ask("x")
    expect(server.requests.last.headers["authorization"]).to eq("Bearer other-key")
  end

  it "shows nothing of what was said" do
    conversation.ask("A secret")
    expect("#{conversation.inspect} #{conversation}").not_to include("secret")
    expect(conversation.inspect).to include("messages=2")
  end
end
