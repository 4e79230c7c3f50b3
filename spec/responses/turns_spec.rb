# frozen_string_literal: true

require_relative "support"

# Several turns: a chain of responses, or a conversation.
RSpec.describe PromptTracker::OpenaiAssistantService, "with several turns", :server do
  include_context "on the Responses wire"

  error = described_class::AssistantError

  def thread_of(result) = result[:raw][:thread_id]

  before do
    define_assistant(instructions: "Be brief.", tools: [{ type: "function", function: { name: "lookup" } }])
  end

  it "sends instructions and tools with every response, as none carries them over" do
    first = ask
    second = ask(thread_id: thread_of(first))
    ask(thread_id: thread_of(second))
    expect(bodies).to all(include("instructions" => "Be brief.", "tools" => [include("name" => "lookup")]))
    expect(bodies.map { |body| body["previous_response_id"] }).to eq([nil, thread_of(first), thread_of(second)])
  end

  it "lets the model read what was said before" do
    server.answer { |prompt| "1: #{prompt}" }.answer { |prompt| "2: #{prompt}" }
    first = ask(prompt: "I live in Berlin.")
    second = ask(prompt: "Where do I live?", thread_id: thread_of(first))
    expect([first[:text], second[:text]]).to eq(["1: I live in Berlin.", "2: Where do I live?"])
    expect(second[:raw][:response]["previous_response_id"]).to eq(thread_of(first))
    expect(second[:usage][:prompt_tokens]).to be > first[:usage][:prompt_tokens]
  end

  it "makes a conversation once, whose id stays the same" do
    first = ask(thread_id: :new)
    second = ask(thread_id: thread_of(first))
    expect(thread_of(first)).to start_with("conv_").and eq(thread_of(second))
    expect(request_lines).to eq(["POST /conversations", "POST /responses", "POST /responses"])
    expect(bodies).to all(include("instructions" => "Be brief.", "conversation" => thread_of(first)))
  end

  it "never sends conversation and previous_response_id together, not with tool outputs either" do
    [nil, :new].each do |thread|
      server.calls_tool("lookup", {}, then_answer: "found").calls_tool("lookup", {}, then_answer: "found")
      first = ask(thread_id: thread, tools: { "lookup" => ->(_) { "x" } })
      ask(thread_id: thread_of(first), tools: { "lookup" => ->(_) { "x" } })
    end
    both = bodies.select { |body| body.key?("conversation") && body.key?("previous_response_id") }
    expect([bodies.size, both]).to eq([8, []])
  end

  it "says why a thread from before the shutdown can't be gone on with" do
    raised = failure_of { ask(thread_id: "thread_abc123") }
    expect(raised).to be_instance_of(error)
    expect(raised.message).to include("thread_abc123", "did not carry threads", "import_thread(messages)")
    expect(requests).to eq([])
  end

  it "gives the prefix of creating a thread where no conversation can be made" do
    server.fails_with(403, on: "POST /conversations")
    raised = failure_of { ask(thread_id: :new) }
    expect(raised.message).to start_with("Failed to create thread: ")
    expect(raised).to have_attributes(status: 403)
    expect(server.responses).to eq([])
  end

  it "reports a conversation that there is not" do
    raised = failure_of { ask(thread_id: "conv_missing") }
    expect(raised).to have_attributes(status: 404, thread_id: "conv_missing", run_id: nil)
    expect(raised.message).to start_with("Failed to run assistant: Conversation with id 'conv_missing' not found")
  end

  it "reports a response that there is not" do
    raised = failure_of { ask(thread_id: "resp_missing") }
    expect(raised).to have_attributes(code: "previous_response_not_found")
    expect(raised.message).to start_with("Failed to run assistant: Previous response with id 'resp_missing' not found")
  end

  describe "in a conversation that is locked" do
    it "waits until it is free" do
      thread = thread_of(ask(thread_id: :new))
      server.locks_conversation(times: 3)
      expect(ask(thread_id: thread)[:text]).to be_a(String)
      expect([run_requests.size, server.responses.size]).to eq([5, 2])
    end

    it "waits no longer than its timeout" do
      thread = thread_of(ask(thread_id: :new))
      server.locks_conversation(times: :always)
      raised = nil
      expect(seconds { raised = failure_of { ask(thread_id: thread, timeout: 0.4) } }).to be_at_once
      expect(raised).to be_instance_of(error).and have_attributes(code: "conversation_locked", thread_id: thread)
      expect(server.responses.size).to eq(1)
    end
  end

  describe "without a store" do
    before { PromptTracker::Native.configure { |c| c.store = false } }

    it "has no thread, and says so where one is to be gone on from" do
      expect(thread_of(ask)).to be_nil
      expect { ask(thread_id: "resp_1") }.to raise_error(error, /store is false.*Native::Conversation/)
      expect(server.responses.size).to eq(1)
    end

    it "sends all that came before together with tool outputs" do
      server.calls_tool("lookup", {}, then_answer: ->(out) { out["lookup"] })
      expect(ask(tools: { "lookup" => ->(_) { "found" } })[:text]).to eq("found")
      expect(bodies.last["input"].map { |item| item["type"] || item["role"] })
        .to eq(%w[user function_call function_call_output])
      expect(bodies.last).not_to include("previous_response_id")
    end
  end
end
