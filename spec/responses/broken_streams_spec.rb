# frozen_string_literal: true

require_relative "support"

# Streams of foreground responses that break: the response is looked up once, and never created again.
RSpec.describe PromptTracker::OpenaiAssistantService, "with a response's stream that breaks", :server do
  include_context "on the Responses wire"

  error = described_class::AssistantError

  # The events of a response whose text comes in three deltas, as they follow each other.
  events = %w[
    response.created response.in_progress response.output_item.added response.content_part.added
    response.output_text.delta response.output_text.delta response.output_text.delta response.output_text.done
    response.content_part.done response.output_item.done response.completed
  ]

  def answer = server.answer(deltas: ["It is ", "sunny ", "🌞."])

  def expect_one_response
    expect([run_requests.size, server.responses.size]).to eq([1, 1])
  end

  it "is played with these events" do
    answer
    seen = []
    body = JSON.generate(model: "gpt-4o", input: "Hi", stream: true)
    PromptTracker::Native::Client.new.transport.stream(:post, "/responses", body, {}, 5) { |event, _| seen << event }
    expect(seen).to eq(events)
  end

  [Flows::RESPONSES[0], Flows::RESPONSES[1]].each do |flow|
    describe flow.name do
      include_context "with a flow", flow

      def failure = failure_of { call }

      %i[close reset].each do |how|
        events.each_with_index do |event, index|
          if event == events.last
            it "has its answer after all events, by #{how}" do
              answer
              server.breaks_stream(after: events.size, how: how)
              expect(call[:text]).to eq("It is sunny 🌞.")
              expect(request_lines).to eq(["POST /responses"])
              expect_one_response
            end
          else
            it "fails with the response's id after #{index + 1} events (#{event}), by #{how}" do
              answer
              server.breaks_stream(after: index + 1, how: how)
              raised = failure
              id = server.responses.first["id"]
              expect(raised).to be_instance_of(error).and have_attributes(run_id: id)
              expect(raised.message).to start_with("Error waiting for completion: the stream of #{id} ended before")
              expect(request_lines).to eq(["POST /responses", "GET /responses/{}"])
              expect_one_response
            end

            it "has its answer where the response is found after #{index + 1} events (#{event}), by #{how}" do
              answer
              server.breaks_stream(after: index + 1, how: how, found: true)
              result = call
              expect(result).to include(text: "It is sunny 🌞.")
              expect(result[:raw][:run_id]).to eq(server.responses.first["id"])
              expect(request_lines).to eq(["POST /responses", "GET /responses/{}"])
              expect_one_response
            end
          end
        end
      end

      it "says so where no response was named, and one may have been started" do
        server.breaks_stream(bytes: 0)
        raised = failure
        expect(raised).to be_instance_of(error).and have_attributes(run_id: nil)
        expect(raised.message).to match(/\AFailed to run assistant: .*may have been started/)
        expect(request_lines).to eq(["POST /responses"])
        expect_one_response
      end

      it "never creates a second response, wherever the bytes stop" do
        (0..9000).step(577) do |bytes|
          server.reset
          answer
          server.breaks_stream(bytes: bytes)
          begin
            expect(call[:text]).to eq("It is sunny 🌞.")
          rescue error => e
            id = server.responses.first["id"]
            expect(e.run_id).to eq(nil).or eq(id)
            expect(e.message).to e.run_id ? include(id) : match(/may have been started/)
          end
          expect_one_response
        end
      end

      {
        "in_progress" => /the stream of resp_\w+ ended before its answer was whole/,
        "cancelled" => /\AAssistant run was cancelled\z/, "failed" => /\AAssistant run failed: /
      }.each do |status, said|
        it "says so where the response is found #{status}" do
          server.breaks_stream(after: :in_progress, found: status)
          raised = failure
          expect(raised).to be_instance_of(error).and have_attributes(run_id: server.responses.first["id"])
          expect(raised.message).to match(said)
          expect_one_response
        end
      end

      it "gives what there is where the response is found incomplete" do
        answer
        server.breaks_stream(after: :output_text_done, found: "incomplete")
        expect(call).to include(text: "It is sunny 🌞.")
        expect_one_response
      end

      it "looks it up once, though the server fails at that" do
        answer
        server.breaks_stream(after: :in_progress)
        server.fails_with(403, on: "GET /responses/{}")
        expect(failure.message).to match(/the stream of resp_\w+ ended before its answer was whole/)
        expect(request_lines).to eq(["POST /responses", "GET /responses/{}"])
        expect_one_response
      end

      it "fails with what an error event says" do
        answer
        server.breaks_stream(after: :content_part_added, how: :error)
        raised = failure
        expect(raised.message).to start_with("Error waiting for completion: The server had an error")
        expect(raised).to have_attributes(run_id: server.responses.first["id"], code: "server_error")
        expect(request_lines).to eq(["POST /responses"])
        expect_one_response
      end

      it "keeps what the connection's end looked like as the cause" do
        server.breaks_stream(after: :in_progress, how: :reset)
        expect(failure.cause).to be_a(PromptTracker::Native::ConnectionError)
      end

      it "fails where a stream has nothing in it" do
        server.quirk(:empty_stream)
        expect(failure.message).to match(/\AFailed to run assistant: .*may have been started/)
        expect_one_response
      end

      it "has its answer where the server goes on without a reader" do
        server.quirk(:outlives_stream)
        answer
        server.breaks_stream(after: :in_progress)
        expect(call[:text]).to eq("It is sunny 🌞.")
        expect_one_response
      end

      it "is the response's that answers tool calls, too" do
        server.calls_tool("lookup", {}, then_answer: "found")
        server.breaks_stream(after: 99).breaks_stream(after: :in_progress)
        handed = 0
        raised = failure_of { call(tools: { "lookup" => ->(_) { (handed += 1).to_s } }) }
        expect(raised.run_id).to eq(server.responses.last["id"])
        expect([handed, run_requests.size, server.responses.size]).to eq([1, 2, 2])
      end
    end
  end

  it "has given the block what had come until then" do
    answer
    server.breaks_stream(after: 6)
    deltas = []
    expect { ask { |delta| deltas << delta } }.to raise_error(error)
    expect(deltas).to eq(["It is ", "sunny "])
  end
end
