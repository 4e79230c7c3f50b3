# frozen_string_literal: true

require "spec_helper"
require "prompt_tracker/native"
require_relative "support/client_calls"
require_relative "support/environment"
require_relative "support/player"
require_relative "support/shared_data"

# The real service's answers, as they were recorded, played over a socket.
RSpec.describe "answers recorded from the real service", skip: Wire::SharedData.missing do
  include_context "with the wire to itself"

  # The request that was recorded, made with the Client.
  calls = {
    "threads_create" => proc { |client| client.threads.create },
    "messages_list" => proc do |client, recording|
      client.messages.list(thread_id: recording.id_in("threads"), parameters: recording.query)
    end,
    "runs_create" => proc do |client, recording|
      client.runs.create(thread_id: recording.id_in("threads"), parameters: recording.parameters)
    end,
    "runs_retrieve" => proc do |client, recording|
      client.runs.retrieve(thread_id: recording.id_in("threads"), id: recording.id_in("runs"))
    end,
    "runs_create_thread_and_run" => proc do |client, recording|
      client.runs.create_thread_and_run(parameters: recording.parameters)
    end,
    "runs_streamed_create" => proc do |client, recording, events|
      client.runs.create(thread_id: recording.id_in("threads"), parameters: { **recording.parameters, stream: events })
    end,
    "responses_create" => proc do |client, recording|
      client.json_post(path: "/responses", parameters: recording.parameters)
    end,
    "responses_stream" => proc do |client, recording, events|
      client.json_post(path: "/responses", parameters: { **recording.parameters, stream: events })
    end
  }

  let(:player) { Wire::Player.new }
  let(:client) { client_at(player.url) }
  let(:streams) { Wire::SharedData.recorded("runs_streamed_create").select(&:stream?) }

  after { player.stop }

  # What we sent is what the recording sent, the newer version of the API aside.
  def expect_same_request(sent, recording)
    expect(sent).to have_attributes(verb: recording.verb, path: recording.path, query: recording.query)
    expect(sent.body).to eq(recording.body)
    expect(sent.headers["openai-beta"]).to eq(recording.beta&.sub("v1", "v2"))
    expect(sent.headers["content-type"]).to eq(recording.headers["content-type"]) if recording.body
    expect(sent.headers["authorization"]).to eq("Bearer #{key}")
  end

  def refusal_of(recording)
    error = JSON.parse(recording.answer).fetch("error")
    { status: recording.status, code: error["code"], type: error["type"], param: error["param"],
      request_id: recording.answer_headers["x-request-id"], body: recording.answer,
      message: "#{error["message"]} (HTTP #{recording.status}, request #{recording.answer_headers["x-request-id"]})" }
  end

  it "are all played here" do
    files = Dir.glob(File.join(Wire::SharedData::ROOT, "recorded", "*.json")).map { |file| File.basename(file, ".json") }
    expect(files).to match_array(calls.keys)
    expect(calls.keys.map { |name| Wire::SharedData.recorded(name) }).to all(be_any)
  end

  calls.each do |name, call|
    Wire::SharedData.recorded(name).each do |recording|
      it "#{name}, #{recording}: understood however it is cut" do
        Wire::CUTS.each do |cut|
          events = []
          player.cut = cut
          player.replays(recording)
          ask = -> { call.call(client, recording, ->(data, event) { events << [event, data] }) }

          if recording.status >= 400
            expect(&ask).to raise_error(PromptTracker::Native::HTTPError) { |error|
              expect(error).to have_attributes(refusal_of(recording))
            }
          elsif recording.stream?
            expect(ask.call).to eq("")
            expect(events).to eq(Wire::EventStream.read(recording.answer).reject { |_, data| data == "[DONE]" })
          else
            expect(ask.call).to eq(JSON.parse(recording.answer))
          end
          expect_same_request(player.sent.last, recording)
        end
        expect(player.sent.size).to eq(Wire::CUTS.size)
      end
    end
  end

  describe PromptTracker::OpenaiAssistantService do
    def last_run(recording) = Wire::EventStream.data(recording.answer, /\Athread\.run\.[a-z_]+\z/).last

    def last_message(recording)
      Wire::EventStream.data(recording.answer, /\Athread\.message\.(completed|incomplete)\z/).last
    end

    # The whole result that a recorded stream stands for.
    def result_of(recording)
      message = last_message(recording)
      run = last_run(recording)
      { text: message["content"].map { |block| block["text"]["value"] }.join("\n\n"),
        usage: run["usage"].transform_keys(&:to_sym), model: run["assistant_id"],
        raw: { thread_id: run["thread_id"], run_id: run["id"], assistant_message: message, message: message,
               run: run } }
    end

    def call_as_recorded(recording, **more, &block)
      parameters = recording.parameters.reject { |name, _| name == :stream }
      described_class.call(prompt: "Write some Ruby.", flow: :streaming, **parameters, **more, &block)
    end

    before { use(player.url) }

    it "has recorded streams to go by" do
      expect(streams.map { |recording| result_of(recording)[:text] })
        .to contain_exactly(/\S.*\w\z/, "Sure, I can help with writing Ruby code. However, as an AI")
      expect(streams.map { |recording| result_of(recording)[:usage] })
        .to contain_exactly({ prompt_tokens: 6, completion_tokens: 16, total_tokens: 22 },
                            { prompt_tokens: 27, completion_tokens: 16, total_tokens: 43 })
    end

    it "gives what a recorded stream says, however it is cut" do
      streams.product(Wire::CUTS).each do |recording, cut|
        player.cut = cut
        player.replays(recording)
        expect(call_as_recorded(recording, thread_id: recording.id_in("threads"))).to eq(result_of(recording))
      end
      expect(player.sent.size).to eq(streams.size * Wire::CUTS.size)
      expect(player).to be_finished
    end

    it "sends what the recording sent, and the prompt" do
      streams.each do |recording|
        player.replays(recording)
        call_as_recorded(recording, thread_id: recording.id_in("threads"))
        sent = player.sent.last
        prompt = [{ "role" => "user", "content" => "Write some Ruby." }]
        expect(sent).to have_attributes(verb: "POST", path: recording.path, query: {})
        expect(sent.body).to eq({ **recording.body, "additional_messages" => prompt })
        expect(sent.headers).to include("openai-beta" => "assistants=v2", "content-type" => "application/json")
      end
    end

    it "gives a block the text as it comes, however it is cut" do
      streams.product(Wire::CUTS).each do |recording, cut|
        deltas = []
        player.cut = cut
        player.replays(recording, path: "/v1/threads/runs")
        result = call_as_recorded(recording) { |delta| deltas << delta }
        recorded = Wire::EventStream.data(recording.answer, /\Athread\.message\.delta\z/)
        expect(deltas).to eq(recorded.map { |data| data.dig("delta", "content", 0, "text", "value") })
        expect(result).to eq(result_of(recording))
      end
    end

    it "says what the service said when it refused" do
      refusals = Wire::SharedData.recorded("runs_streamed_create").reject(&:stream?)
      expect(refusals).not_to be_empty
      refusals.each do |recording|
        player.replays(recording)
        expected = refusal_of(recording).slice(:status, :code, :type, :request_id)
        message = "Failed to run assistant: #{refusal_of(recording)[:message]}"
        expect { call_as_recorded(recording, thread_id: recording.id_in("threads")) }
          .to raise_error(described_class::AssistantError, message) { |error|
            expect(error).to have_attributes(**expected, retryable?: false)
          }
      end
      expect(player.sent.size).to eq(refusals.size)
    end

    describe "with flow: :polling" do
      let(:stream) { streams.last }
      let(:run) { last_run(stream) }
      let(:path) { "/v1/threads/#{run["thread_id"]}" }

      # Recordings are of several calls; this makes them one.
      def of_this_call(text)
        text.gsub(/\bthread_\w{24}\b/, run["thread_id"]).gsub(/\brun_\w{24}\b/, run["id"])
            .gsub(/\basst_\w{24}\b/, run["assistant_id"])
      end

      def line_up(name)
        recording = Wire::SharedData.recorded(name).last
        player.plays(recording.verb, of_this_call(recording.path), of_this_call(recording.answer),
                     headers: recording.answer_headers)
      end

      # Creating a message was never recorded; the document has an example. The end of the run is that of the stream.
      def line_up_a_call
        message = Wire::SharedData.example("post_threads_thread_id_messages_0.json")
        list = JSON.parse(Wire::SharedData.recorded("messages_list").last.answer)
        line_up("threads_create")
        player.plays("POST", "#{path}/messages", message)
        line_up("runs_create")
        line_up("runs_retrieve")
        player.plays("GET", "#{path}/runs/#{run["id"]}", JSON.generate(run))
        player.plays("GET", "#{path}/messages", JSON.generate({ **list, "data" => [last_message(stream)] }))
        player.plays("GET", "#{path}/runs/#{run["id"]}", JSON.generate(run))
      end

      def call
        described_class.call(assistant_id: run["assistant_id"], prompt: "Write some Ruby.", flow: :polling,
                             max_prompt_tokens: 256, max_completion_tokens: 16)
      end

      it "makes the classic requests, and gives what the recordings say" do
        Wire::CUTS.each do |cut|
          player.cut = cut
          line_up_a_call
          expect(call).to eq(result_of(stream))
        end
        retrieve = "GET #{path}/runs/#{run["id"]}"
        expected = ["POST /v1/threads", "POST #{path}/messages", "POST #{path}/runs", retrieve, retrieve,
                    "GET #{path}/messages?limit=1&order=desc", retrieve]
        expect(player.sent.map(&:to_s)).to eq(expected * Wire::CUTS.size)
        expect(player).to be_finished
      end

      it "sends what the recordings sent" do
        line_up_a_call
        call
        thread, message, run_sent, *gets = player.sent
        expect(thread.body).to eq(Wire::SharedData.recorded("threads_create").last.body)
        expect(message.body).to eq("role" => "user", "content" => "Write some Ruby.")
        recorded = Wire::SharedData.recorded("runs_create").last.body.reject { |name, _| name == "stream" }
        expect(run_sent.body).to eq({ **recorded, "assistant_id" => run["assistant_id"] })
        expect(gets.map(&:body)).to all(be_nil)
        expect(player.sent.map { |sent| sent.headers["openai-beta"] }).to all(eq("assistants=v2"))
      end
    end
  end
end
