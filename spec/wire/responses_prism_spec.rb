# frozen_string_literal: true

require "spec_helper"
require "prompt_tracker/native"
require_relative "support/court"

# Each request of the Responses wire, judged by OpenAI's document.
RSpec.describe PromptTracker::OpenaiAssistantService, "on the Responses wire, as OpenAI's API document has it",
               skip: Wire::Court.missing do
  include_context "with OpenAI's document as the judge"

  def define(**fields)
    PromptTracker::Native.configure { |c| c.assistants = { "asst_1" => { model: "gpt-4o", **fields } } }
  end

  def call(**more, &block) = described_class.call(assistant_id: "asst_1", prompt: "The weather?", **more, &block)

  # Of a response that has not ended, or failed, OpenAI's own recorded streams have `usage: null`. The document knows no
  # such thing; nothing else is let off.
  def expect_nothing_wrong_but_usage
    others = judge.cases.flat_map(&:objections).reject { |v| v["location"] == %w[response body usage] }
    expect(others).to eq([])
    expect(judge.cases.map(&:status)).to all(be_between(200, 299))
  end

  let(:weather) do
    { type: "function", function: { name: "get_weather", description: "Of a city",
                                    parameters: { type: "object", properties: { city: { type: "string" } } } } }
  end
  let(:handlers) { { "get_weather" => ->(arguments) { { city: arguments["city"], degrees: 21 } } } }

  # Every field of a definition that is sent.
  let(:fields) do
    { instructions: "You know the weather.", temperature: 0.2, top_p: 0.9, max_completion_tokens: 500,
      tools: [weather, { type: "file_search", file_search: { max_num_results: 5, ranking_options: {
        ranker: "default_2024_08_21", score_threshold: 0.5
      } } }, { type: "code_interpreter" }],
      tool_resources: { file_search: { vector_store_ids: ["vs_1"] }, code_interpreter: { file_ids: ["file-1"] } },
      tool_choice: { type: "function", function: { name: "get_weather" } }, parallel_tool_calls: false,
      response_format: { type: "json_schema", json_schema: { name: "weather", schema: { type: "object" } } },
      truncation_strategy: { type: "auto" }, metadata: { kept: "here" } }
  end

  # Every option of a run that is sent.
  let(:options) do
    { model: "gpt-4o-mini", instructions: "Be brief.", additional_instructions: "In Spanish.",
      additional_messages: [{ role: "assistant", content: "Hello!" }], temperature: 0.2, top_p: 0.9,
      max_completion_tokens: 500, tool_choice: "auto", parallel_tool_calls: false,
      response_format: { type: "json_object" }, metadata: { user: "1" } }
  end

  before { define }

  # The first request has Prism read this API's schemas, for which the judge may not have the patience.
  warm = false
  before do
    tries = 0
    begin
      call(timeout: 60) unless warm
    rescue described_class::AssistantError
      retry if (tries += 1) < 4
    end
    warm = true
    server.reset
    judge.forget
  end

  { streaming: "streamed", polling: "as one JSON answer" }.each do |flow, name|
    describe name do
      def once(flow, **more) = call(flow: flow, **more)

      it "calls an assistant" do
        server.answer("It is sunny.")
        expect(once(flow)[:text]).to eq("It is sunny.")
        expect_nothing_wrong("POST /responses")
      end

      it "sends each field of a definition, and all of them" do
        PromptTracker::Native.configure { |c| c.truncation = :auto }
        given = fields.map { |field, value| { field => value } }
        [*given.reject { |one| one.key?(:tool_choice) }, fields].each do |one|
          define(**one)
          once(flow)
        end
        expect_nothing_wrong
      end

      it "asks for what file search found" do
        PromptTracker::Native.configure { |c| c.include_file_search_results = true }
        define(**fields.slice(:tools, :tool_resources))
        once(flow)
        expect_nothing_wrong("POST /responses")
      end

      it "sends a model's effort" do
        define(model: "o3-mini", reasoning_effort: "low")
        once(flow)
        expect_nothing_wrong("POST /responses")
      end

      it "sends each option of a run, and all of them" do
        [*options.map { |option, value| { option => value } }, options].each { |given| once(flow, **given) }
        expect_nothing_wrong
      end

      it "sends prompts of several parts" do
        image = { type: "image_url", image_url: { url: "https://example.com/sky.png", detail: "low" } }
        file = { "type" => "image_file", "image_file" => { "file_id" => "file_1" } }
        once(flow, prompt: [{ type: "text", text: "What is this?" }, image])
        once(flow, prompt: ["What is this?", file])
        expect_nothing_wrong("POST /responses", "POST /responses")
      end

      it "goes on from a response, and in a conversation" do
        once(flow, thread_id: once(flow)[:raw][:thread_id])
        once(flow, thread_id: once(flow, thread_id: :new)[:raw][:thread_id])
        expect_nothing_wrong("POST /responses", "POST /responses", "POST /conversations", "POST /responses",
                             "POST /responses")
      end

      it "hands in the outputs of tools, stored and not" do
        define(tools: [weather])
        [true, false].each do |store|
          PromptTracker::Native.configure { |c| c.store = store }
          server.calls_tools([["get_weather", { city: "Berlin" }], ["get_weather", { city: "Paris" }]])
          once(flow, tools: handlers)
        end
        expect_nothing_wrong(*["POST /responses"] * 4)
      end

      it "answers open calls in a conversation before it fails" do
        define(tools: [weather])
        server.calls_tool("get_weather", { city: "Berlin" })
        expect { once(flow, thread_id: :new) }.to raise_error(described_class::AssistantError)
        expect_nothing_wrong("POST /conversations", "POST /responses", "POST /conversations/{}/items")
      end

      it "sees every way in which a response ends" do
        %w[failed cancelled incomplete].each do |ending|
          server.ends_with(ending)
          expect { once(flow) }.to raise_error(described_class::AssistantError)
        end
        expect_nothing_wrong_but_usage
      end
    end
  end

  describe "in the background" do
    before { PromptTracker::Native.configure { |c| c.background = true } }

    it "asks for a response and polls" do
      server.answer("It is sunny.", delay: 0.2)
      expect(call(flow: :polling)[:text]).to eq("It is sunny.")
      expect_nothing_wrong_but_usage
      expect(judged.uniq).to eq(["POST /responses", "GET /responses/{}"])
    end

    it "takes a stream up again" do
      server.quirk(:json_for_stream)
      server.answer("It is sunny.", delay: 0.2)
      expect(call[:text]).to eq("It is sunny.")
      queries = judge.cases.map { |c| c.sent.query }
      expect(queries).to include("stream" => "true", "starting_after" => "0")
      expect(judge.objections.grep(/request/)).to eq([])
    end

    it "cancels what takes too long" do
      server.stays("in_progress")
      expect { call(flow: :polling, timeout: 4) }.to raise_error(described_class::AssistantError, /timed out/)
      eventually { judged.last.to_s.end_with?("/cancel") }
      expect(judged.last).to eq("POST /responses/{}/cancel")
      expect_nothing_wrong_but_usage
    end
  end
end
