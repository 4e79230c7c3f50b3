# frozen_string_literal: true

RSpec.describe "have_asked_assistant" do
  before { stub_assistant("asst_1").to_answer("Hi!") }

  def failing = raise_error(RSpec::Expectations::ExpectationNotMetError)

  it "counts" do
    expect(PromptTracker).not_to have_asked_assistant("asst_1")
    ask
    expect(PromptTracker).to have_asked_assistant("asst_1").once
    ask
    expect(PromptTracker).to have_asked_assistant("asst_1").twice
    expect(PromptTracker).to have_asked_assistant("asst_1").times(2)
    expect(PromptTracker).to have_asked_assistant("asst_1").at_least(1).with("Hello!")
    expect(PromptTracker).not_to have_asked_assistant("asst_2")
    expect { expect(PromptTracker).to have_asked_assistant("asst_1").once }.to failing
    expect { expect(PromptTracker).to have_asked_assistant("asst_1").at_most(1) }.to failing
  end

  it "looks at the prompt" do
    ask("The weather in Berlin?")
    expect(PromptTracker).to have_asked_assistant("asst_1").with("The weather in Berlin?")
    expect(PromptTracker).to have_asked_assistant("asst_1").with(/Berlin/).once
    expect(PromptTracker).to have_asked_assistant("asst_1").with(a_string_including("weather"))
    expect(PromptTracker).not_to have_asked_assistant("asst_1").with("Berlin")
  end

  it "says what was asked" do
    ask("The weather in Berlin?")
    expect { expect(PromptTracker).to have_asked_assistant("asst_1").with("Paris").once }.to raise_error(
      RSpec::Expectations::ExpectationNotMetError,
      "expected to have asked asst_1 with \"Paris\" once, but these questions were asked:\n" \
      "  asst_1: \"The weather in Berlin?\""
    )
  end

  it "says that nothing was asked" do
    expect { expect(PromptTracker).to have_asked_assistant("asst_1").times(3) }.to raise_error(
      RSpec::Expectations::ExpectationNotMetError,
      "expected to have asked asst_1 3 times, but no assistant was asked"
    )
  end

  it "looks at a block only" do
    ask("before")
    expect { ask("now") }.to have_asked_assistant("asst_1").once
    expect { nil }.not_to have_asked_assistant("asst_1")
  end

  parts = [{ type: "text", text: "What is this?" }, { type: "image_file", image_file: { file_id: "file_1" } }]

  it "looks at content parts, on either wire" do
    ask(parts)
    PromptTracker::Native.configure { |c| c.assistants = { "asst_1" => { model: "gpt-4o" } } }
    ask(parts)
    expect(PromptTracker).to have_asked_assistant("asst_1").with(parts).twice
    expect(PromptTracker).to have_asked_assistant("asst_1").with("What is this?").twice
    expect(PromptTracker).not_to have_asked_assistant("asst_1").with(parts.reverse)
  end

  it "looks at the prompt of a run in a thread, whatever the flow" do
    ask("One", thread_id: "thread_1")
    ask("Two", thread_id: "thread_1", flow: :polling)
    ask("Three", thread_id: "thread_1", additional_messages: [{ role: "user", content: "And this." }])
    expect(PromptTracker).to have_asked_assistant("asst_1").with("One").once
    expect(PromptTracker).to have_asked_assistant("asst_1").with("Two").once
    expect(PromptTracker).to have_asked_assistant("asst_1").with("Three").once
  end

  describe "doubles" do
    it "are verified by the services' signatures" do
      double = instance_double(PromptTracker::OpenaiAssistantService, call: { text: "Hi!" }, assistant_id: "asst_1")
      allow(PromptTracker::OpenaiAssistantService).to receive(:new).and_return(double)
      expect(PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_1", prompt: "Hello!")).to eq(text: "Hi!")
      expect { instance_double(PromptTracker::OpenaiAssistantService, nothing: 1) }.to raise_error(/does not implement/)
      expect { double.call(1) }.to raise_error(ArgumentError, /[Ww]rong number of arguments/)
    end

    it "know the keywords of the class methods" do
      service = class_double(PromptTracker::OpenaiAssistantService, call: { text: "Hi!" })
      expect(service.call(assistant_id: "asst_1", prompt: "Hello!", timeout: 5)).to eq(text: "Hi!")
      expect { service.call(assistant_id: "asst_1") }.to raise_error(ArgumentError, /prompt/)
      client = class_double(PromptTracker::LlmClientService, call_with_schema: {})
      expect do
        client.call_with_schema(provider: "openai", model: "m", prompt: "p")
      end.to raise_error(ArgumentError, /schema/)
    end

    it "do not count as asking" do
      allow(PromptTracker::OpenaiAssistantService).to receive(:call).and_return(text: "Hi!")
      ask
      expect(PromptTracker).not_to have_asked_assistant("asst_1")
    end
  end
end
