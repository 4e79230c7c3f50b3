# frozen_string_literal: true

require "spec_helper"
require "prompt_tracker/native"
require_relative "support/environment"
require_relative "support/player"
require_relative "support/shared_data"

# Responses of the real service, as they were recorded and as OpenAI's document shows them, played to an assistant call.
RSpec.describe PromptTracker::OpenaiAssistantService, "with responses of the real service",
               skip: Wire::SharedData.missing do
  include_context "with the wire to itself"

  error = described_class::AssistantError

  let(:player) { Wire::Player.new }

  before do
    use(player.url)
    PromptTracker::Native.configure { |c| c.assistants = { "asst_1" => { model: "gpt-4o" } } }
  end

  after { player.stop }

  def call(**more, &block)
    described_class.call(assistant_id: "asst_1", prompt: "Hello!", timeout: 10, **more, &block)
  end

  def texts(response)
    parts = response["output"].select { |item| item["type"] == "message" }.last&.fetch("content")
    parts&.filter_map { |part| part["text"] || part["refusal"] }
  end

  def counts(response)
    { prompt_tokens: response.dig("usage", "input_tokens"), completion_tokens: response.dig("usage", "output_tokens"),
      total_tokens: response.dig("usage", "total_tokens") }
  end

  # The result that a response stands for.
  def expect_result_of(response, result)
    expect(result).to include(text: texts(response).join("\n\n"), usage: counts(response), model: "asst_1")
    expect(result[:raw]).to include(run_id: response["id"], thread_id: response["id"], response: response)
    expect(result[:raw][:run]).to include("id" => response["id"], "object" => "thread.run", "status" => "completed",
                                          "model" => response["model"], "created_at" => response["created_at"])
    expect(result[:raw][:message]).to include("object" => "thread.message", "run_id" => response["id"])
  end

  def expect_same_request(sent, recording)
    expect(sent).to have_attributes(verb: recording.verb, path: recording.path)
    asked = recording.body.reject { |name, value| name == "stream" && !value }
    expect(sent.body).to eq({ **asked, "store" => true })
    expect(sent.headers["authorization"]).to eq("Bearer #{key}")
  end

  Wire::SharedData.recorded("responses_stream").each do |recording|
    response = Wire::EventStream.data(recording.answer, /\Aresponse\.completed\z/).last.fetch("response")
    pieces = Wire::EventStream.data(recording.answer, /\Aresponse\.output_text\.delta\z/).map { |data| data["delta"] }

    it "gives what the recorded stream of #{response["id"]} says, however it is cut" do
      Wire::CUTS.each do |cut|
        player.cut = cut
        player.replays(recording)
        expect_result_of(response, call)
        expect_same_request(player.sent.last, recording)
      end
      expect(player.sent.size).to eq(Wire::CUTS.size)
    end

    it "gives a block its text as it comes, however it is cut" do
      Wire::CUTS.each do |cut|
        deltas = []
        player.cut = cut
        player.replays(recording)
        expect_result_of(response, call { |delta| deltas << delta })
        expect(deltas).to eq(pieces)
      end
    end
  end

  Wire::SharedData.recorded("responses_create").each do |recording|
    it "gives what the recorded answer says, asked for as JSON, however it is cut" do
      Wire::CUTS.each do |cut|
        player.cut = cut
        player.replays(recording)
        expect_result_of(JSON.parse(recording.answer), call(flow: :polling))
        expect_same_request(player.sent.last, recording)
      end
    end

    it "gives the same where a stream was asked for and JSON came" do
      player.replays(recording)
      expect_result_of(JSON.parse(recording.answer), call)
    end
  end

  next if Wire::SharedData.missing

  examples = Wire::SharedData.examples.grep(/\Apost_responses_[A-Z].*\.json\z/)

  it "has examples to go by" do
    expect(examples.size).to be >= 5
  end

  examples.each do |name|
    response = JSON.parse(Wire::SharedData.example(name))
    calls = response["output"].select { |item| item["type"] == "function_call" }

    if calls.empty?
      it "gives what the document's example #{name} says" do
        [nil, :polling].each do |flow|
          player.plays("POST", "/v1/responses", JSON.generate(response))
          expect_result_of(response, call(flow: flow))
        end
      end
    else
      it "asks for the tools that the document's example #{name} calls" do
        player.plays("POST", "/v1/responses", JSON.generate(response))
        expect { call }.to raise_error(error, "Assistant requires action (tool calls not yet supported)")
      end

      it "answers the calls of the document's example #{name}" do
        last = Wire::SharedData.recorded("responses_stream").first
        player.plays("POST", "/v1/responses", JSON.generate(response)).replays(last)
        given = []
        call(tools: calls.to_h { |item| [item["name"], ->(arguments) { given << arguments && "21" }] })
        expect(given).to eq(calls.map { |item| JSON.parse(item["arguments"]) })
        expect(player.sent.last.body).to include(
          "previous_response_id" => response["id"],
          "input" => calls.map { |c| { "type" => "function_call_output", "call_id" => c["call_id"], "output" => "21" } }
        )
      end
    end
  end

  it "gives what the document's example of a stream says" do
    stream = Wire::SharedData.meant("post_responses_Streaming.sse")
    response = Wire::EventStream.data(stream, /\Aresponse\.completed\z/).last.fetch("response")
    Wire::CUTS.each do |cut|
      player.cut = cut
      player.plays("POST", "/v1/responses", stream, headers: { "content-type" => "text/event-stream" })
      expect_result_of(response, call)
    end
  end
end
