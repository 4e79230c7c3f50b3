# frozen_string_literal: true

# How a call fails: the messages word for word, and what the errors carry.
RSpec.shared_examples "the failures of an assistant call" do |flow|
  error = PromptTracker::OpenaiAssistantService::AssistantError

  def failure = failure_of { call }

  shared_examples "a bad end" do |endings|
    endings.each do |(status, options), message|
      it "says #{message.inspect}" do
        server.ends_with(status, **options)
        run = (raised = failure) && runs_at_server.first
        expect(raised).to be_instance_of(error).and have_attributes(message: message)
        expect(raised).to have_attributes(thread_id: run.thread_id, run_id: run.id)
        expect(runs_at_server.size).to eq(1)
      end
    end
  end

  describe "a run that ends as only the Assistants API knows it", :assistants_only do
    include_examples "a bad end", {
      ["expired", {}] => "Assistant run expired",
      ["incomplete", { reason: "max_prompt_tokens" }] => "Assistant run incomplete: max_prompt_tokens"
    }
  end

  describe "a response that ends without an answer", :responses_only do
    include_examples "a bad end", {
      ["incomplete", { reason: "max_output_tokens" }] => "Assistant run incomplete: max_completion_tokens",
      ["incomplete", { reason: "content_filter" }] => "Assistant run incomplete: content_filter"
    }
  end

  describe "a run that ends badly", :common do
    include_examples "a bad end", {
      ["failed", { last_error: { code: "server_error", message: "It broke." } }] => "Assistant run failed: It broke.",
      ["failed", { last_error: { code: "server_error", message: nil } }] => "Assistant run failed: Unknown error",
      ["cancelled", {}] => "Assistant run was cancelled",
      ["requires_action", {}] => "Assistant requires action (tool calls not yet supported)"
    }

    it "says also which code it failed with, and whether a later call may do better" do
      server.ends_with("failed", last_error: { code: "rate_limit_exceeded", message: "Slow down." })
      expect(failure).to have_attributes(code: "rate_limit_exceeded", retryable?: true)
      server.ends_with("failed", last_error: { code: "invalid_prompt", message: "No." })
      expect(failure).to have_attributes(code: "invalid_prompt", retryable?: false)
    end

    it "returns what there is of an incomplete answer" do
      server.ends_with("incomplete", text: "It is")
      result = call
      expect(result[:text]).to eq("It is")
      expect(result[:raw][:run]).to include("status" => "incomplete")
    end

    it "says so where a completed run wrote no message" do
      server.answer { [] }
      expect(failure).to be_instance_of(error)
        .and have_attributes(message: "Failed to retrieve response: no assistant message",
                             run_id: runs_at_server.first.id)
    end
  end

  describe "a run that takes too long", :common do
    it "names the seconds as they were given" do
      server.stays
      raised = nil
      took = seconds { raised = failure_of { call(timeout: 0.25) } }
      expect(raised).to be_instance_of(error).and have_attributes(
        message: "Assistant run timed out after 0.25 seconds", retryable?: true,
        **flow.known_of_late(runs_at_server.first)
      )
      expect(took).to be_at_once.and(be >= 0.24)
    end

    it "takes for a timeout whatever answers to_f" do
      duration = Class.new do
        def to_f = 0.2
        def to_s = "30"
      end
      server.stays
      expect { call(timeout: duration.new) }.to raise_error(error, "Assistant run timed out after 30 seconds")
    end
  end

  describe "a server that says no", :common do
    refusal = { error: { message: "It can't be.", type: "invalid_request_error", param: "p", code: "not_so" } }

    flow.steps.each do |request, prefix|
      it "is reported as #{prefix.inspect} at #{request}" do
        server.fails_with(400, on: request, body: refusal, headers: { "x-request-id" => "req_77" }, times: 9)
        said = flow.own? ? "It can't be. (HTTP 400, request req_77)" : "the server responded with status 400"
        expect(failure.message).to start_with("#{prefix}: #{said}")
      end
    end

    it "is an AssistantError with the server's error as its cause" do
      server.fails_with(400, on: flow.starting, body: refusal)
      raised = failure
      expect(raised).to be_instance_of(error)
      expect(raised.cause).to be_a(flow.own? ? PromptTracker::Native::HTTPError : Faraday::BadRequestError)
    end

    next unless flow.own?

    it "is reported with its status, code, type and request id" do
      server.fails_with(400, on: flow.starting, body: refusal, headers: { "x-request-id" => "req_77" })
      expect(failure).to have_attributes(status: 400, code: "not_so", type: "invalid_request_error", param: "p",
                                         request_id: "req_77", run_id: nil, retryable?: false)
    end

    it "is retryable where a later call may do better" do
      status = flow.patient? ? 503 : 429
      server.fails_with(status, on: flow.starting, headers: { "retry-after" => "0" }, times: 3)
      expect(failure).to have_attributes(status: status, retryable?: true)
    end

    it "is reported without the key" do
      body = { error: { message: "Incorrect API key provided: #{SharedServer::KEY}.", code: "invalid_api_key" } }
      server.fails_with(401, on: flow.starting, body: body)
      raised = failure
      expect(raised.full_message).to include("Incorrect API key provided")
      expect([raised.full_message, raised.inspect, raised.cause.inspect].join).not_to include(SharedServer::KEY)
    end
  end

  describe "rescuing", :common do
    it "works by each of the error's classes" do
      [error, PromptTracker::LlmClientService::ApiError, StandardError].each do |klass|
        server.ends_with("expired")
        expect { call }.to raise_error(klass)
      end
    end
  end

  it "leaves nothing behind: the next call works", :common do
    server.ends_with("failed")
    failure
    expect(call[:text]).to be_a(String)
  end
end
