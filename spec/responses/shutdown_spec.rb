# frozen_string_literal: true

require "tmpdir"
require_relative "support"

# The story of an app: its assistant answers, the Assistants API is shut down, a definition is written, and it answers
# again. The calling code stays as it is.
RSpec.describe PromptTracker::OpenaiAssistantService, "over the shutdown of the Assistants API", :server do
  include ResponsesAtServer

  error = described_class::AssistantError
  advice = PromptTracker::Native::Shutdown.method(:advice)

  around { |example| Dir.mktmpdir { |folder| Dir.chdir(folder) { example.run } } }

  # A relative folder counts from where definitions were first looked for.
  before { PromptTracker::Native::Definitions.reload! }

  # The calling code.
  def weather
    described_class.call(assistant_id: "asst_abc123", prompt: "What's the weather in Berlin?")
  end

  def write_definition
    FileUtils.mkdir_p("config/assistants")
    definition = { id: "asst_abc123", model: "gpt-4o", instructions: "You know the weather." }
    File.write("config/assistants/asst_abc123.json", JSON.generate(definition))
  end

  [nil, :polling].each do |flow|
    it "goes on with no change in the calling code#{" (#{flow})" if flow}" do
      PromptTracker::Native.configure { |c| c.flow = flow }
      server.answer("It is sunny.", times: 2)
      before = weather
      expect(before[:text]).to eq("It is sunny.")

      server.quirk(:after_shutdown)
      raised = failure_of { weather }
      expect(raised).to be_instance_of(error).and have_attributes(status: 404, retryable?: false)
      expect(raised.message).to include("prompt_tracker-native definitions new asst_abc123", "config.assistants",
                                        File.expand_path("config/assistants/asst_abc123.json"))

      write_definition
      after = weather
      expect(after[:text]).to eq("It is sunny.")
      expect(after.keys).to eq(before.keys)
      expect(after[:raw].keys - before[:raw].keys).to eq([:response])
      expect(before[:raw][:run].keys - after[:raw][:run].keys).to eq([])
      expect(before[:raw][:message].keys - after[:raw][:message].keys).to eq([])
      expect(run_requests.last.body).to include("model" => "gpt-4o", "instructions" => "You know the weather.")
    end
  end

  it "says the same for 410" do
    server.quirk(:after_shutdown, status: 410)
    expect(failure_of { weather }).to have_attributes(status: 410, message: /definitions new asst_abc123/)
  end

  it "says nothing of the shutdown where another thing is missing" do
    thread = weather[:raw][:thread_id]
    server.fails_with(500, on: "POST /threads/{}/runs", body: "")
    expect { described_class.call(assistant_id: "asst_abc123", prompt: "And now?", thread_id: thread) }
      .to raise_error(error) { |raised| expect(raised.message).not_to include("definitions new") }
  end

  describe "the advice" do
    %w[https://api.openai.com/v1 https://eu.api.openai.com/v1 https://mine.openai.azure.com/openai/v1
       https://mine.cognitiveservices.azure.com/openai/v1 https://mine.services.ai.azure.com/openai/v1].each do |url|
      it "names the date for #{url}" do
        expect(advice.call("asst_1", url)).to include("OpenAI shut the Assistants API down on 2026-08-26")
      end
    end

    %w[http://127.0.0.1:4000/v1 https://openai.com.example.org/v1 https://notopenai.com/v1 http://api.openai.com/v1
       https://proxy.example/api.openai.com/v1].each do |url|
      it "names no date for #{url}" do
        expect(advice.call("asst_1", url)).not_to include(PromptTracker::Native::Shutdown::DATE)
        expect(advice.call("asst_1", url)).to include("definitions new asst_1", "Looked for its definition in")
      end
    end
  end
end
