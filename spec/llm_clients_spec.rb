# frozen_string_literal: true

require "prompt_tracker/native/llm_clients"

# The engine's newer generation has a normalizer and a configuration of its own; here are such that can be looked into.
RSpec.describe PromptTracker::LlmClients::OpenaiAssistantService, :server do
  let(:settings) { Struct.new(:keys) { def api_key_for(provider) = keys[provider] }.new({ openai: SharedServer::KEY }) }

  before do
    with_server
    normalizer = Class.new { def self.normalize(answer) = answer }
    stub_const("PromptTracker::LlmResponseNormalizers::Openai::Assistants", normalizer)
    allow(PromptTracker).to receive(:configuration).and_return(settings)
  end

  def ask(**more, &block)
    described_class.call(assistant_id: "asst_1", user_message: "Hello!", **more, &block)
  end

  def define(**fields)
    PromptTracker::Native.configure { |c| c.assistants = { "asst_1" => { model: "gpt-4o", **fields } } }
  end

  def calls(answer)
    answer[:run_steps]["data"].flat_map { |step| step.dig("step_details", "tool_calls").to_a }
  end

  it "has the engine's keywords" do
    keywords = [%i[keyreq assistant_id], %i[keyreq user_message], %i[key thread_id], %i[key timeout]]
    expect(described_class.method(:call).parameters).to eq([*keywords, %i[block block]])
    expect(described_class.instance_method(:initialize).parameters).to eq(keywords)
  end

  describe "on the Assistants wire" do
    it "hands one Hash to the normalizer" do
      server.answer("It is sunny.", usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 })
      answer = ask
      expect(answer).to match(content: "It is sunny.", assistant_id: "asst_1", thread_id: /\Athread_/, run_id: /\Arun_/,
                              usage: include("prompt_tokens" => 1, "completion_tokens" => 2, "total_tokens" => 3),
                              run_steps: include("object" => "list", "data" => [include("type" => "message_creation")]),
                              annotations: [])
      expect(request_lines).to eq(["POST /threads/runs", "GET /threads/{}/runs/{}/steps"])
      expect(requests.last.query["include[]"] || requests.last.query["include"])
        .to include("step_details.tool_calls[*].file_search.results[*].content")
    end

    it "goes on in a thread" do
      first = ask
      expect(ask(thread_id: first[:thread_id])[:thread_id]).to eq(first[:thread_id])
      expect(request_lines).to include("POST /threads/{}/runs")
    end

    it "gives text as it comes" do
      server.answer("It is sunny.")
      pieces = []
      ask { |piece| pieces << piece }
      expect(pieces.join).to eq("It is sunny.")
    end

    it "makes many calls at once" do
      answers = described_class.call_many(Array.new(5) { { assistant_id: "asst_1", user_message: "Hello!" } })
      expect(answers).to all(include(content: /Hello/, run_steps: include("data" => [anything])))
      expect(answers.map { |answer| answer[:run_id] }.uniq.size).to eq(5)
    end

    it "goes on without run steps where the server has none, and says so once" do
      server.fails_with(404, on: %r{/steps}, times: 2)
      expect { ask }.to output(/asst_1: the server has no run steps \(HTTP 404\)/).to_stderr
      answer = nil
      expect { answer = ask }.not_to output.to_stderr
      expect(answer[:run_steps]).to include("data" => [])
    end

    it "fails where the steps can't be had" do
      server.fails_with(403, on: %r{/steps}, body: { error: { message: "Not yours." } })
      error = failure_of { ask }
      expect(error).to be_a(described_class::AssistantError)
      expect(error.message).to match(/\AFailed to retrieve response: .*Not yours\./)
      expect([error.status, error.cause.class]).to eq([403, PromptTracker::Native::HTTPError])
    end
  end

  describe "on the Responses wire" do
    before { define }

    it "makes a conversation where no thread_id is given, and none where one is" do
      first = ask
      second = ask(thread_id: first[:thread_id])
      expect([first, second].map { |answer| answer[:thread_id] }.uniq).to match([/\Aconv_/])
      expect(requests.map do |request|
        request.path.delete_prefix("/v1")
      end).to eq(%w[/conversations /responses /responses])
    end

    it "goes on from messages that were kept" do
      settings.keys[:openai] = "sk-of-the-engine\n"
      id = described_class.import_thread([{ role: "user", content: "I live in Berlin." }])
      expect(ask(thread_id: id)[:thread_id]).to eq(id)
      expect(requests.map { |request| request.headers["authorization"] }.uniq).to eq(["Bearer sk-of-the-engine"])
    end

    it "goes on from a response" do
      first = ask[:run_id]
      expect(ask(thread_id: first)[:thread_id]).to match(/\Aresp_/)
      expect(requests.last.body).to include("previous_response_id" => first)
    end

    it "has the steps without a further request" do
      answer = ask
      expect(answer[:run_steps]["data"]).to match([include("type" => "message_creation", "status" => "completed",
                                                           "assistant_id" => "asst_1", "run_id" => answer[:run_id],
                                                           "thread_id" => answer[:thread_id])])
      expect(answer[:usage]).to include("prompt_tokens" => be_positive, "total_tokens" => be_positive)
    end
  end

  describe "what goes wrong" do
    {
      -> { settings.keys[:openai] = " " } => /\AOpenAI API key not configured\z/,
      -> { server.ends_with("failed", last_error: { code: "server_error", message: "Broken." }) } =>
        /\AAssistant run failed: Broken\.\z/,
      -> { server.calls_tool("f") } => /\AAssistant requires action \(tool calls not yet supported\)\z/,
      -> { server.fails_with(401, body: { error: { message: "No." } }) } => /\AFailed to run assistant: .*No\./
    }.each do |cause, message|
      it "is an error of its own, whose superclass is StandardError: #{message.source}" do
        instance_exec(&cause)
        error = failure_of { ask }
        expect(error.class).to be(described_class::AssistantError)
        expect(error.class.superclass).to be(StandardError)
        expect(error.message).to match(message)
      end
    end

    it "keeps what is known of it" do
      server.fails_with(429, times: :always, body: { error: { message: "Slow down.", type: "requests", code: "rate" } })
      PromptTracker::Native.configure { |c| c.max_retries = 0 }
      error = failure_of { ask }
      expect(error).to have_attributes(status: 429, code: "rate", type: "requests", retryable?: true,
                                       cause: PromptTracker::Native::HTTPError)
    end

    it "is an ArgumentError where an argument can't be used" do
      expect { ask(thread_id: "a b") }.to raise_error(ArgumentError, /\Athread_id/)
      expect { ask(timeout: 0) }.to raise_error(ArgumentError, /\Atimeout/)
    end

    it "needs no key where the server needs none" do
      settings.keys.clear
      PromptTracker::Native.configure { |c| c.require_api_key = false }
      expect(described_class.new(assistant_id: "asst_1", user_message: "Hi").existing_thread_id).to be_nil
    end
  end

  it "drives a client that a spec has put in its place" do
    message = { "content" => [{ "text" => { "value" => "Sunny.", "annotations" => [{ "type" => "file_citation" }] } }] }
    runs = double("runs", create: { "id" => "run_1" },
                          retrieve: { "id" => "run_1", "status" => "completed", "usage" => nil })
    client = double("client", threads: double("threads", create: { "id" => "thread_1" }), runs: runs,
                              messages: double("messages", create: { "id" => "msg_1" }, list: { "data" => [message] }),
                              run_steps: double("run steps", list: { "data" => [] }))
    stub_const("OpenAI::Client", Class.new { def initialize(access_token:) = access_token.to_s })
    expect(OpenAI::Client).to receive(:new).with(access_token: SharedServer::KEY).and_return(client)
    expect(ask).to eq(content: "Sunny.", usage: {}, assistant_id: "asst_1", run_steps: { "data" => [] },
                      thread_id: "thread_1", run_id: "run_1", annotations: [{ "type" => "file_citation" }])
    expect(requests).to eq([])
  end
end
