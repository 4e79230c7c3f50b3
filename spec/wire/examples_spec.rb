# frozen_string_literal: true

require "spec_helper"
require "prompt_tracker/native"
require_relative "support/client_calls"
require_relative "support/environment"
require_relative "support/player"
require_relative "support/shared_data"

# The example answers of OpenAI's API document, played over a socket.
RSpec.describe "example answers of OpenAI's API document", skip: Wire::SharedData.missing do
  include_context "with the wire to itself"

  # The files of a request are named by its method and path, and then by a title.
  titles = lambda do |request|
    prefix = request.downcase.gsub(/[^a-z]+/, "_")
    Wire::SharedData.missing ? [] : Wire::SharedData.examples.grep(/\A#{prefix}_[^_]+\.(json|sse)\z/)
  end
  played = Wire::CLIENT_CALLS.to_h { |request, _| [request, titles.call(request)] }
  # The same calls, streamed.
  streamed = {
    "POST /threads/runs" => ->(client, _, stream) { client.runs.create_thread_and_run(parameters: { stream: stream }) },
    "POST /threads/{thread_id}/runs" => lambda do |client, ids, stream|
      client.runs.create(thread_id: ids.thread, parameters: { assistant_id: ids.assistant, stream: stream })
    end,
    "POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs" => lambda do |client, ids, stream|
      client.runs.submit_tool_outputs(thread_id: ids.thread, run_id: ids.run,
                                      parameters: { tool_outputs: [], stream: stream })
    end
  }

  let(:player) { Wire::Player.new }
  let(:client) { client_at(player.url) }
  let(:ids) do
    Wire::Ids.new(assistant: "asst_abc123", thread: "thread_abc123", message: "msg_abc123", run: "run_abc123",
                  step: "step_abc123", call: "call_001", model: "gpt-4o")
  end

  after { player.stop }

  def line_up(request, file, body = Wire::SharedData.example(file))
    verb, path = request.split
    type = file.end_with?(".sse") ? "text/event-stream" : "application/json"
    player.plays(verb, "/v1#{path.gsub(/\{\w+\}/, "*")}", body, headers: { "content-type" => type })
  end

  def line_up_as_meant(request, file) = line_up(request, file, Wire::SharedData.meant(file))

  it "are all played here that the Client has a call for" do
    others = /\A[a-z]+_(conversations|responses)_/
    expect(Wire::SharedData.examples.grep_v(others)).to match_array(played.values.flatten)
    expect(played.values.flatten.size).to be >= 25
  end

  played.each do |request, files|
    files.grep(/\.json\z/).each do |file|
      it "#{file}: given as it is, however it is cut" do
        Wire::CUTS.each do |cut|
          player.cut = cut
          line_up(request, file)
          expect(Wire::CLIENT_CALLS.fetch(request).call(client, ids)).to eq(JSON.parse(Wire::SharedData.example(file)))
        end
        expect(player.sent.map { |sent| sent.headers["openai-beta"] }).to all(eq("assistants=v2"))
      end
    end

    files.grep(/\.sse\z/).each do |file|
      it "#{file}: given event by event, however it is cut" do
        expected = Wire::EventStream.read(Wire::SharedData.meant(file)).reject { |_, data| data == "[DONE]" }
        expect(expected.map(&:last)).to all(be_a(Hash))
        Wire::CUTS.each do |cut|
          events = []
          player.cut = cut
          line_up_as_meant(request, file)
          streamed.fetch(request).call(client, ids, ->(data, event) { events << [event, data] })
          expect(events).to eq(expected)
        end
        expect(player.sent.map(&:body)).to all(include("stream" => true))
      end
    end
  end

  it "are refused clearly where an event is not JSON, and the events before it are given" do
    events = []
    file = "post_threads_runs_Streaming-with-Functions.sse"
    line_up("POST /threads/runs", file)
    expect { client.runs.create_thread_and_run(parameters: { stream: ->(_, event) { events << event } }) }
      .to raise_error(PromptTracker::Native::AnswerError, /\Aan event of the stream is not JSON: "\{.{150,250}" …\z/)
    expect(events).to eq(["thread.created"])
  end

  it "cover an answer that the Client has no call of its own for" do
    events = []
    line_up("POST /responses", "post_responses_Streaming.sse")
    parameters = { model: "gpt-4o", input: "Hello!", stream: ->(data) { events << data } }
    client.json_post(path: "/responses", parameters: parameters)
    expect(events.map { |data| data["type"] }).to include("response.created", "response.completed")
    expect(events.size).to eq(Wire::EventStream.read(Wire::SharedData.example("post_responses_Streaming.sse")).size)
  end

  describe PromptTracker::OpenaiAssistantService do
    before { use(player.url) }

    def call(**more, &block)
      described_class.call(assistant_id: "asst_123", prompt: "Hello", flow: :streaming, **more, &block)
    end

    it "reads a streamed run" do
      Wire::CUTS.each do |cut|
        player.cut = cut
        line_up_as_meant("POST /threads/runs", "post_threads_runs_Streaming.sse")
        expect(call).to match(text: "Hello! How can I assist you today?", model: "asst_123",
                              usage: { prompt_tokens: 345, completion_tokens: 11, total_tokens: 356 },
                              raw: hash_including(thread_id: "thread_123", run_id: "run_123"))
      end
    end

    it "answers the tool calls of a streamed run" do
      Wire::CUTS.each do |cut|
        asked = nil
        player.cut = cut
        line_up_as_meant("POST /threads/runs", "post_threads_runs_Streaming-with-Functions.sse")
        line_up_as_meant("POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
                         "post_threads_thread_id_runs_run_id_submit_tool_outputs_Streaming.sse")
        result = call(tools: { "get_current_weather" => ->(arguments) { { degrees: (asked = arguments) && 70 } } })

        expect(asked).to eq("location" => "San Francisco, CA", "unit" => "fahrenheit")
        expect(result[:text]).to eq("The current weather in San Francisco, CA is 70 degrees Fahrenheit and sunny.")
        expect(player.sent.last.body).to eq(
          "stream" => true,
          "tool_outputs" => [{ "tool_call_id" => "call_XXNp8YGaFrjrSjgqxtC8JJ1B", "output" => "{\"degrees\":70}" }]
        )
      end
    end

    # As the document has it: the end of the run lacks its `data:`, so the stream does not tell it.
    it "asks after a run whose end the stream does not tell" do
      ended = JSON.parse(Wire::SharedData.example("get_threads_thread_id_runs_run_id__0.json"))
                  .merge("id" => "run_123", "thread_id" => "thread_123")
      line_up("POST /threads/runs", "post_threads_runs_Streaming.sse")
      player.plays("GET", "/v1/threads/thread_123/runs/run_123", JSON.generate(ended))

      result = call
      expect(result[:text]).to eq("Hello! How can I assist you today?")
      expect(result[:raw][:run]).to eq(ended)
      expect(player.sent.map(&:verb)).to eq(%w[POST GET])
    end

    # As the document has it: no event of the run is JSON.
    it "says that a run may have been started where a stream can't be read, and starts no other" do
      line_up("POST /threads/runs", "post_threads_runs_Streaming-with-Functions.sse")
      expect { call }
        .to raise_error(described_class::AssistantError, /\AFailed to run assistant: .* may have been started/)
      expect(player.sent.size).to eq(1)
    end
  end
end
