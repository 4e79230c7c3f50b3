# frozen_string_literal: true

require "spec_helper"
require "prompt_tracker/native"
require_relative "support/court"

# Each request that the two services send, judged by OpenAI's document.
RSpec.describe "the services' requests, as OpenAI's API document has them", skip: Wire::Court.missing do
  include_context "with OpenAI's document as the judge"

  describe PromptTracker::OpenaiAssistantService do
    def call(**more, &block) = described_class.call(assistant_id: "asst_1", prompt: "The weather?", **more, &block)

    # Every option of a run.
    let(:options) do
      { model: "gpt-4o", instructions: "Be brief.", additional_instructions: "In Spanish.",
        additional_messages: [{ role: "assistant", content: "Hello!" }], temperature: 0.2, top_p: 0.9,
        max_prompt_tokens: 1000, max_completion_tokens: 500,
        truncation_strategy: { type: "last_messages", last_messages: 5 },
        tool_choice: { type: "function", function: { name: "get_weather" } }, parallel_tool_calls: false,
        response_format: { type: "json_schema", json_schema: { name: "weather", schema: { type: "object" } } },
        metadata: { user: "1" }, reasoning_effort: "low" }
    end
    let(:image) { { type: "image_url", image_url: { url: "https://example.com/sky.png", detail: "low" } } }
    let(:tools) { { "get_weather" => ->(arguments) { { city: arguments["city"], degrees: 21 } } } }

    { streaming: ["POST /threads/runs"],
      polling: ["POST /threads", "POST /threads/{}/messages", "POST /threads/{}/runs", "GET /threads/{}/runs/{}",
                "GET /threads/{}/messages", "GET /threads/{}/runs/{}"] }.each do |flow, requests|
      describe "with flow: #{flow.inspect}" do
        it "calls an assistant" do
          server.answer("It is sunny.")
          expect(call(flow: flow)[:text]).to eq("It is sunny.")
          expect_nothing_wrong(*requests)
        end

        it "goes on in a thread" do
          first = call(flow: flow)
          judge.forget
          call(flow: flow, thread_id: first[:raw][:thread_id])
          in_thread = flow == :polling ? requests.drop(1) : ["POST /threads/{}/runs"]
          expect_nothing_wrong(*in_thread)
        end

        # The prompt must get there too.
        def try_each_option(**more)
          server.answer(times: :always) { |prompt| "To: #{prompt}" }
          [*options.map { |name, value| { name => value } }, options].each do |given|
            expect(call(**more, **given)[:text]).to eq("To: The weather?")
          end
        end

        it "passes on each option of a run" do
          try_each_option(flow: flow, thread_id: client.threads.create["id"])
          expect_nothing_wrong
        end

        it "passes on each option of a run in a new thread" do
          try_each_option(flow: flow)
          expect_nothing_wrong
        end

        it "sends prompts of several parts" do
          call(flow: flow, prompt: [{ type: "text", text: "What is this?" }, image])
          file = { "type" => "image_file", "image_file" => { "file_id" => "file_1" } }
          call(flow: flow, prompt: ["What is this?", file])
          expect_nothing_wrong(*requests, *requests)
        end

        it "sends prompts in any script" do
          call(flow: flow, prompt: "¿Qué tiempo hace en Zürich? 天气 🌦️ \u0000 \" \\ ")
          expect_nothing_wrong(*requests)
        end

        it "submits the outputs of tools" do
          server.calls_tools([["get_weather", { city: "Berlin" }], ["get_weather", { city: "Paris" }]])
          server.calls_tool("get_weather", { city: "Rome" })
          call(flow: flow, tools: tools)
          expect_nothing_wrong
          expect(judged.count("POST /threads/{}/runs/{}/submit_tool_outputs")).to be >= 1
        end

        it "sees every way in which a run ends" do
          %w[failed cancelled expired incomplete requires_action].each do |ending|
            server.ends_with(ending)
            expect { call(flow: flow) }.to raise_error(described_class::AssistantError)
          end
          expect_nothing_wrong
        end
      end
    end

    it "gives a block the text of a stream" do
      server.answer("It is sunny.")
      expect { |block| call(flow: :streaming, &block) }.to yield_control.at_least(:once)
      expect_nothing_wrong("POST /threads/runs")
    end

    # Prism can't pass on a stream that breaks.
    it "asks after a run that was not streamed though asked for" do
      server.quirk(:json_for_stream)
      call(flow: :streaming)
      expect_nothing_wrong("POST /threads/runs", "GET /threads/{}/runs/{}", "GET /threads/{}/messages")
    end

    it "cancels a run" do
      PromptTracker::Native.configure { |c| c.cancel_on_interrupt = true }
      server.stays("in_progress")
      expect { call(flow: :polling, timeout: 1) }
        .to raise_error(described_class::AssistantError, "Assistant run timed out after 1 seconds")
      eventually { judged.last.end_with?("/cancel") }
      expect(judged.last).to eq("POST /threads/{}/runs/{}/cancel")
      expect_nothing_wrong
    end
  end

  describe PromptTracker::LlmClientService do
    before { PromptTracker::Native.configure { |c| c.chat = :native } }

    def call(**more, &block)
      described_class.call(provider: "openai", model: "gpt-4o", prompt: "The weather?", **more, &block)
    end

    it "chats" do
      call
      call(max_tokens: 50, temperature: nil)
      call(top_p: 0.5, user: "1", stop: ["."], seed: 1, timeout: 20)
      call(prompt: [{ type: "text", text: "What is this?" },
                    { type: "image_url", image_url: { url: "https://example.com/sky.png" } }])
      expect_nothing_wrong(*["POST /chat/completions"] * 4)
    end

    it "streams" do
      expect { |block| call(&block) }.to yield_control.at_least(:once)
      expect_nothing_wrong("POST /chat/completions")
    end

    it "asks for an answer by a schema" do
      properties = { city: { type: "string" } }
      schema = { type: "object", properties: properties, required: ["city"], additionalProperties: false }
      [schema, { name: "weather", schema: schema, strict: true }].each do |given|
        server.answer({ city: "Berlin" })
        result = described_class.call_with_schema(provider: "openai", model: "gpt-4o", prompt: "Where?", schema: given)
        expect(JSON.parse(result[:text])).to eq("city" => "Berlin")
      end
      expect_nothing_wrong(*["POST /chat/completions"] * 2)
    end

    it "calls assistants" do
      described_class.call(provider: "openai", model: "asst_1", prompt: "The weather?", flow: :streaming)
      described_class.call_openai_assistant(assistant_id: "asst_1", prompt: "The weather?", flow: :streaming)
      expect_nothing_wrong(*["POST /threads/runs"] * 2)
    end
  end
end
