# frozen_string_literal: true

require_relative "../support/ruby_openai"

# Calls through clients that are not the gem's, as specs of an app make them: doubles that answer little.
RSpec.describe PromptTracker::OpenaiAssistantService, "with a stand-in for its client" do
  error = described_class::AssistantError

  let(:thread_id) { "thread_xyz789" }
  let(:run_id) { "run_123456" }
  let(:completed) { { "id" => run_id, "status" => "completed" } }
  let(:list) { { "data" => [{ "content" => [{ "text" => { "value" => "It is sunny." } }] }] } }
  let(:threads) { double("threads", create: { "id" => thread_id }) }
  let(:messages) { double("messages", create: { "id" => "msg_123" }, list: list) }
  let(:runs) { double("runs", create: { "id" => run_id }, retrieve: completed) }
  let(:client) { double("client", threads: threads, messages: messages, runs: runs) }

  before do
    ENV["OPENAI_API_KEY"] = "test-api-key"
    stub_const("OpenAI::Client", Class.new { def initialize(_config = {}, &_block) = nil })
    allow(OpenAI::Client).to receive(:new).and_return(client)
  end

  def call(**more)
    described_class.call(assistant_id: "asst_abc123", prompt: "What's the weather in Berlin?", **more)
  end

  def failure(**more)
    call(**more)
  rescue StandardError => e
    e
  end

  it "returns a whole result from messages without type, role and run_id" do
    usage = { "prompt_tokens" => 10, "completion_tokens" => 20, "total_tokens" => 30 }
    run = completed.merge("usage" => usage)
    allow(runs).to receive(:retrieve).and_return(run)
    message = list["data"].first
    expect(call).to eq(
      text: "It is sunny.", usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 }, model: "asst_abc123",
      raw: { thread_id: thread_id, run_id: run_id, assistant_message: message, message: message, run: run }
    )
  end

  it "asks for threads, messages and runs once each" do
    in_progress = completed.merge("status" => "in_progress")
    allow(runs).to receive(:retrieve).and_return(in_progress, in_progress, completed)
    PromptTracker::Native.configure { |c| c.poll_interval = 0.001 }
    call
    expect(client).to have_received(:threads).once
    expect(client).to have_received(:messages).once
    expect(client).to have_received(:runs).once
  end

  it "asks for them anew in each call of one service" do
    service = described_class.new(assistant_id: "asst_abc123", prompt: "Hello!")
    2.times { service.call }
    expect(client).to have_received(:threads).twice
  end

  it "calls with ruby-openai's keywords" do
    call
    expect(threads).to have_received(:create).once.with(no_args)
    expect(messages).to have_received(:create)
      .once.with(thread_id: thread_id, parameters: { role: "user", content: "What's the weather in Berlin?" })
    expect(runs).to have_received(:create).once.with(thread_id: thread_id, parameters: { assistant_id: "asst_abc123" })
    expect(runs).to have_received(:retrieve).twice.with(thread_id: thread_id, id: run_id)
    expect(messages).to have_received(:list)
      .once.with(thread_id: thread_id, parameters: { order: "desc", limit: 1 })
  end

  it "passes keywords, not a Hash" do
    strict = Class.new do
      def create(thread_id:, parameters:) = { "id" => "#{thread_id}#{parameters.size}" }
      def retrieve(thread_id:, id:) = { "id" => id, "status" => "completed", "in" => thread_id }
    end
    allow(client).to receive(:runs).and_return(strict.new)
    expect(call[:raw][:run]["in"]).to eq(thread_id)
  end

  it "takes the newest message of several that name no run" do
    list["data"] = [{ "created_at" => 1, "content" => [{ "text" => { "value" => "Old." } }] },
                    { "created_at" => 2, "content" => [{ "text" => { "value" => "New." } }] }]
    expect(call[:text]).to eq("New.")
  end

  it "takes this run's message, whatever else the list has" do
    list["data"] = [{ "role" => "user", "content" => [{ "text" => { "value" => "Hello!" } }] },
                    { "role" => "assistant", "run_id" => "run_other", "content" => [{ "text" => "Other." }] },
                    { "role" => "assistant", "run_id" => run_id, "content" => [{ "text" => "This." }] }]
    expect(call[:text]).to eq("This.")
  end

  it "does without a message's id, and without usage" do
    allow(messages).to receive(:create).and_return({})
    expect(call[:usage]).to eq(prompt_tokens: 0, completion_tokens: 0, total_tokens: 0)
  end

  it "takes objects that answer [] for Hashes" do
    answer = Class.new { def [](key) = { "id" => "run_struct", "status" => "completed" }[key] }.new
    allow(runs).to receive_messages(create: answer, retrieve: answer)
    expect(call[:raw][:run_id]).to eq("run_struct")
  end

  {
    "Failed to create thread" => ->(_) { allow(threads).to receive(:create).and_raise("boom") },
    "Failed to add message" => ->(_) { allow(messages).to receive(:create).and_raise("boom") },
    "Failed to run assistant" => ->(_) { allow(runs).to receive(:create).and_raise("boom") },
    "Error waiting for completion" => ->(_) { allow(runs).to receive(:retrieve).and_raise("boom") },
    "Failed to retrieve response" => ->(_) { allow(messages).to receive(:list).and_raise("boom") }
  }.each do |prefix, break_it|
    it "says #{prefix.inspect} where that step raises" do
      instance_exec(nil, &break_it)
      raised = failure
      expect(raised).to be_instance_of(error).and have_attributes(message: "#{prefix}: boom")
      expect(raised.cause).to be_a(RuntimeError).and have_attributes(message: "boom")
    end
  end

  it "says \"Failed to retrieve response\" where the run's usage can't be had" do
    calls = 0
    allow(runs).to receive(:retrieve) { (calls += 1) == 1 ? completed : raise("boom") }
    expect(failure).to have_attributes(message: "Failed to retrieve response: boom", run_id: run_id)
  end

  it "knows from the error as far as it had come" do
    allow(messages).to receive(:create).and_raise("boom")
    expect(failure).to have_attributes(thread_id: thread_id, run_id: nil)
    allow(messages).to receive(:create).and_return({})
    allow(runs).to receive(:retrieve).and_raise("boom")
    expect(failure).to have_attributes(thread_id: thread_id, run_id: run_id)
  end

  it "lets pass what is no StandardError" do
    allow(runs).to receive(:create).and_raise(Interrupt)
    expect { call }.to raise_error(Interrupt)
    allow(runs).to receive(:create).and_raise(NotImplementedError, "not here")
    expect { call }.to raise_error(NotImplementedError, "not here")
  end

  {
    { "status" => "failed", "last_error" => { "message" => "Something went wrong" } } =>
      "Assistant run failed: Something went wrong",
    { "status" => "failed" } => "Assistant run failed: Unknown error",
    { "status" => "failed", "last_error" => nil } => "Assistant run failed: Unknown error",
    { "status" => "cancelled" } => "Assistant run was cancelled",
    { "status" => "expired" } => "Assistant run expired",
    { "status" => "requires_action" } => "Assistant requires action (tool calls not yet supported)"
  }.each do |run, message|
    it "says #{message.inspect} of #{run}" do
      allow(runs).to receive(:retrieve).and_return({ "id" => run_id }.merge(run))
      expect { call }.to raise_error(error, message)
    end
  end

  it "gives up in time, with a sleep that can be stubbed" do
    allow(runs).to receive(:retrieve).and_return(completed.merge("status" => "in_progress"))
    allow_any_instance_of(described_class).to receive(:sleep)
    expect { call(timeout: 0.05) }.to raise_error(error, "Assistant run timed out after 0.05 seconds")
  end

  it "drives an instance double of the gem's own client" do
    stub_const("OpenAI::Client", PromptTracker::Native::Client)
    stand_in = instance_double(PromptTracker::Native::Client, threads: threads, messages: messages, runs: runs)
    allow(OpenAI::Client).to receive(:new).and_return(stand_in)
    expect(call[:text]).to eq("It is sunny.")
  end

  it "drives the gem's own client through what a spec has stubbed on it", :server do
    service = described_class.new(assistant_id: "asst_1", prompt: "Hello!")
    own = PromptTracker::Native::Client.new(access_token: "k")
    allow(service).to receive(:client).and_return(own)
    allow(own).to receive_messages(threads: threads, messages: messages, runs: runs)
    expect(service.call[:text]).to eq("It is sunny.")
    expect(requests).to eq([])
  end

  it "drives an instance double of ruby-openai's client" do
    skip RubyOpenai.missing unless RubyOpenai.module
    stub_const("OpenAI", RubyOpenai.module)
    stand_in = instance_double(OpenAI::Client, threads: threads, messages: messages, runs: runs)
    allow(OpenAI::Client).to receive(:new).and_return(stand_in)
    expect(call[:text]).to eq("It is sunny.")
  end
end
