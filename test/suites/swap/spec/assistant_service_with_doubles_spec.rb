# frozen_string_literal: true

RSpec.describe PromptTracker::OpenaiAssistantService do
  subject(:call) { described_class.call(assistant_id: "asst_weather", prompt: "The weather in Berlin?") }

  let(:client) { instance_double(OpenAI::Client, threads: threads, messages: messages, runs: runs) }
  let(:threads) { instance_double("OpenAI::Threads") }
  let(:messages) { instance_double("OpenAI::Messages") }
  let(:runs) { instance_double("OpenAI::Runs") }
  let(:message) { { "content" => [{ "type" => "text", "text" => { "value" => "It is sunny." } }] } }
  let(:run) do
    { "id" => "run_1", "status" => "completed",
      "usage" => { "prompt_tokens" => 10, "completion_tokens" => 5, "total_tokens" => 15 } }
  end

  before do
    allow(OpenAI::Client).to receive(:new).and_return(client)
    allow(threads).to receive(:create).and_return("id" => "thread_1")
    allow(messages).to receive_messages(create: { "id" => "msg_1" }, list: { "data" => [message] })
    allow(runs).to receive_messages(create: { "id" => "run_1", "status" => "queued" }, retrieve: run)
  end

  it "returns text, usage and what is raw" do
    expect(call).to eq(
      text: "It is sunny.", model: "asst_weather", usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      raw: { thread_id: "thread_1", run_id: "run_1", assistant_message: message, message: message, run: run }
    )
  end

  it "makes its client with the key" do
    call
    expect(OpenAI::Client).to have_received(:new).with(access_token: "sk-app").once
  end

  it "asks the assistant" do
    call
    expect(messages).to have_received(:create)
      .with(thread_id: "thread_1", parameters: { role: "user", content: "The weather in Berlin?" })
    expect(runs).to have_received(:create).with(thread_id: "thread_1", parameters: { assistant_id: "asst_weather" })
  end

  it "looks until the run is over" do
    allow(runs).to receive(:retrieve).and_return({ "id" => "run_1", "status" => "in_progress" }, run)
    expect(call[:text]).to eq("It is sunny.")
    expect(runs).to have_received(:retrieve).with(thread_id: "thread_1", id: "run_1").at_least(:twice)
  end

  it "fails where the thread can't be made" do
    allow(threads).to receive(:create).and_raise(StandardError, "no route")
    expect { call }.to raise_error(described_class::AssistantError, "Failed to create thread: no route")
  end

  it "fails where the run fails" do
    allow(runs).to receive(:retrieve)
      .and_return({ "id" => "run_1", "status" => "failed", "last_error" => { "message" => "Out of credit" } })
    expect { call }.to raise_error(described_class::AssistantError, "Assistant run failed: Out of credit")
  end

  it "does not call tools" do
    allow(runs).to receive(:retrieve).and_return({ "id" => "run_1", "status" => "requires_action" })
    expect { call }.to raise_error(described_class::AssistantError, /requires action/)
  end

  it "needs a key" do
    ENV.delete("OPENAI_API_KEY")
    expect { call }.to raise_error(described_class::AssistantError, "OPENAI_API_KEY environment variable not set")
  end
end
