# frozen_string_literal: true

require "spec_helper"
require "prompt_tracker/native"
require_relative "support/client_calls"
require_relative "support/court"

# Each request that the Client can send, judged by OpenAI's document; and the judge itself.
RSpec.describe "the Client's requests, as OpenAI's API document has them", skip: Wire::Court.missing do
  include_context "with OpenAI's document as the judge"

  describe "the judge" do
    def objections_to
      yield
    rescue PromptTracker::Native::Error
      judge.objections
    else
      judge.objections
    end

    def run(**parameters) = client.runs.create_thread_and_run(parameters: parameters)

    it "has nothing against a good request" do
      expect(objections_to { run(assistant_id: "asst_1") }).to eq([])
    end

    it "objects to a field of the wrong type" do
      expect(objections_to { run(assistant_id: 1) }).to include(/request.body.assistant_id: .* must be string/)
    end

    it "objects to a field that is missing" do
      expect(objections_to { run(temperature: 1) })
        .to include(/request.body: .* must have required property 'assistant_id'/)
    end

    it "objects to a field that there is not" do
      expect(objections_to { run(assistant_id: "asst_1", timeout: 5) })
        .to include(/request.body: .*additional properties/)
    end

    it "objects to a value that there is not" do
      thread = { messages: [{ role: "system", content: "Hello!" }] }
      expect(objections_to { run(assistant_id: "asst_1", thread: thread) })
        .to include(/request.body.thread.messages.0.role: .* must be equal to one of the allowed values/)
    end

    it "objects to a field deep in a streamed request" do
      thread = { messages: [{ role: "user", content: [{ type: "text", text: 5 }] }] }
      expect(objections_to { run(assistant_id: "asst_1", thread: thread, stream: ->(_) {}) })
        .to include(/request.body.thread.messages.0.content/)
    end

    it "objects to a query" do
      expect(objections_to { client.get(path: "/assistants", parameters: { limit: "many" }) })
        .to include(/request.query.limit: .* must be integer/)
    end

    it "objects to a path that there is not" do
      expect(objections_to { client.get(path: "/assistance") }).to include(/Selected route not found/)
    end

    it "objects to a request without a key" do
      unknown = PromptTracker::Native::Client.new(uri_base: judge.url)
      expect(objections_to { unknown.threads.create }).to include(/Invalid security scheme used/)
    end

    it "objects to an answer of the wrong shape" do
      server.raw(on: "POST /threads", body: { id: 5, object: "thread" })
      expect(objections_to { client.threads.create }).to include(/response.body.*metadata|response.body.id/)
    end

    it "objects to no more than the media type of a stream" do
      expect(objections_to { run(assistant_id: "asst_1", stream: ->(_) {}) }).to eq([])
      expect(judge.cases.first.violations.map { |v| v["location"].first }.uniq).to eq(["response"])
    end
  end

  describe PromptTracker::Native::Client do
    # How the run goes that a request is about.
    def script(request)
      case request[%r{[^/]+\z}]
      when "submit_tool_outputs" then server.calls_tool("get_weather", { city: "Berlin" })
      when "cancel" then server.stays("in_progress", text: "It is")
      else server.answer("It is sunny.")
      end
    end

    # Something of each kind at the server, made through it.
    def ids_for(request)
      script(request)
      assistant = client.assistants.create(parameters: { model: "gpt-4o" })["id"]
      thread = { messages: [{ role: "user", content: "The weather?" }] }
      run = client.runs.create_thread_and_run(parameters: { assistant_id: assistant, thread: thread })
      run = client.runs.retrieve(thread_id: run["thread_id"], id: run["id"])
      within = { thread_id: run["thread_id"] }
      Wire::Ids.new(
        assistant: assistant, thread: run["thread_id"], run: run["id"], model: "gpt-4o",
        step: client.run_steps.list(**within, run_id: run["id"]).dig("data", 0, "id"),
        message: client.messages.list(**within).dig("data", 0, "id"),
        call: run.dig("required_action", "submit_tool_outputs", "tool_calls", 0, "id")
      )
    end

    Wire::CLIENT_CALLS.each do |request, call|
      it "#{request} is as the document has it" do
        ids = ids_for(request)
        deleted = { id: "gpt-4o", object: "model", deleted: true } # the local server deletes none
        server.raw(on: "DELETE /models/{model}", body: deleted)
        call.call(client, ids)
        expect_nothing_wrong
        path = request.split.last.gsub(/\{model\}/, "gpt-4o").gsub(/\{\w+\}/, "{}")
        expect(judged.last).to eq("#{request.split.first} #{path}")
      end
    end

    it "has no other requests" do
      resources = described_class.constants.filter_map do |name|
        kind = described_class.const_get(name)
        kind if kind.is_a?(Class) && (kind < described_class::Resource || kind == described_class::Models)
      end
      methods = resources.sum { |kind| kind.public_instance_methods(false).size }
      expect(Wire::CLIENT_CALLS.size).to eq(methods + 1) # and chat
    end

    it "streams as the document has it" do
      events = []
      message = { role: "user", content: "The weather?" }
      streamed = { assistant_id: "asst_1", stream: ->(_, event) { events << event } }
      server.calls_tool("get_weather", { city: "Berlin" })
      client.runs.create_thread_and_run(parameters: { **streamed, thread: { messages: [message] } })
      expect(judge.cases.first).to be_streamed
      thread = client.threads.create["id"]
      client.messages.create(thread_id: thread, parameters: message)
      client.runs.create(thread_id: thread, parameters: streamed)
      client.chat(parameters: { model: "gpt-4o", messages: [message], stream: ->(chunk) { chunk } })
      expect_nothing_wrong("POST /threads/runs", "POST /threads", "POST /threads/{}/messages", "POST /threads/{}/runs",
                           "POST /chat/completions")
      expect(events).to include("thread.run.requires_action", "thread.run.completed")
    end
  end
end
