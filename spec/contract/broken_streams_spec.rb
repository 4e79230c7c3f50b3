# frozen_string_literal: true

require_relative "../support/flows"

# Streams that break: once the run's id is known its call goes on by asking for that run, and never starts a second.
RSpec.describe PromptTracker::OpenaiAssistantService, "with a stream that breaks", :server do
  error = described_class::AssistantError

  # The events of a run whose text comes in three deltas, as they follow each other.
  events = %w[
    thread.created thread.run.created thread.run.queued thread.run.in_progress thread.run.step.created
    thread.run.step.in_progress thread.message.created thread.message.in_progress thread.message.delta
    thread.message.delta thread.message.delta thread.message.completed thread.run.step.completed thread.run.completed
    done
  ]
  run_is_known = events.index("thread.run.created") + 1

  def answer = server.answer(deltas: ["It is ", "sunny ", "🌞."])

  def expect_one_run
    expect([run_requests.size, runs_at_server.size]).to eq([1, 1])
  end

  it "is played with these events" do
    answer
    transport = PromptTracker::Native::Client.new.transport
    body = JSON.generate(assistant_id: "asst_1", stream: true, thread: { messages: [{ role: "user", content: "Hi" }] })
    seen = []
    transport.stream(:post, "/threads/runs", body, { "OpenAI-Beta" => "assistants=v2" }) { |event, _| seen << event }
    expect(seen).to eq(events)
  end

  [Flows::STREAMED, Flows::WITH_BLOCK].each do |flow|
    describe flow.name, :assistants_only, wire: flow.wire do
      include_context "with a flow", flow

      %i[close reset].each do |how|
        events.each_with_index do |event, index|
          count = index + 1

          if count < run_is_known
            it "fails after #{count} events (#{event}), by #{how}: no run is known" do
              answer
              server.breaks_stream(after: count, how: how)
              raised = failure_of { call }
              expect(raised).to be_instance_of(error).and have_attributes(run_id: nil)
              expect(raised.message).to start_with("Failed to run assistant: ").and match(/a run may have been started/)
              expect_one_run
            end
          else
            it "has its answer after #{count} events (#{event}), by #{how}" do
              answer
              server.breaks_stream(after: count, how: how)
              result = call
              expect(result[:text]).to eq("It is sunny 🌞.")
              run = runs_at_server.first
              expect(result[:raw]).to include(run_id: run.id, thread_id: run.thread_id)
              expect_one_run
            end
          end
        end
      end

      it "has its answer wherever the bytes stop, from where the run is known on" do
        known = (0..7000).step(233).map do |bytes|
          server.reset
          answer
          server.breaks_stream(bytes: bytes)
          outcome = call[:text]
          expect_one_run
          outcome == "It is sunny 🌞."
        rescue error => e
          expect_one_run
          expect(e.message).to match(/may have been started/)
          false
        end
        expect(known.first(2) + known.last(20)).to eq([false, false, *[true] * 20])
        expect(known).to eq(known.sort_by { |is_known| is_known ? 1 : 0 })
      end

      it "asks for the run until it has ended" do
        server.answer("It is sunny.", delay: 0.2)
        server.breaks_stream(after: :run_created)
        expect(call[:text]).to eq("It is sunny.")
        expect(request_lines.uniq).to eq(["POST /threads/runs", "GET /threads/{}/runs/{}", "GET /threads/{}/messages"])
        expect(request_lines.count("GET /threads/{}/runs/{}")).to be > 2
        expect_one_run
      end

      it "keeps to its timeout while it asks" do
        server.stays
        server.breaks_stream(after: :run_created)
        took = seconds { expect { call(timeout: 0.3) }.to raise_error(error, /timed out after 0.3 seconds/) }
        expect(took).to be_at_once
        expect_one_run
      end

      {
        "failed" => "Assistant run failed: Sorry, something went wrong.", "expired" => "Assistant run expired",
        "cancelled" => "Assistant run was cancelled", "incomplete" => "Assistant run incomplete: max_completion_tokens"
      }.each do |status, message|
        it "reports a run that #{status} meanwhile" do
          server.ends_with(status)
          server.breaks_stream(after: :run_created)
          expect(failure_of { call }).to have_attributes(message: message, run_id: runs_at_server.first.id)
          expect_one_run
        end
      end

      it "answers tool calls that it finds by asking" do
        server.calls_tool("lookup", {}, then_answer: ->(out) { out["lookup"] })
        server.breaks_stream(after: :run_created)
        expect(call(tools: { "lookup" => ->(_) { "found" } })[:text]).to eq("found")
        expect_one_run
      end

      it "hands in tool outputs once where the stream breaks that answers them" do
        server.calls_tool("lookup", {}, then_answer: ->(out) { out["lookup"] })
        server.breaks_stream(after: "thread.run.requires_action").breaks_stream(after: :run_queued)
        handed = 0
        expect(call(tools: { "lookup" => ->(_) { "found #{handed += 1}" } })[:text]).to eq("found 1")
        expect(request_lines.count { |line| line.end_with?("submit_tool_outputs") }).to eq(1)
        expect_one_run
      end

      it "hands them in once also where that stream breaks before its first event" do
        server.calls_tool("lookup", {}, then_answer: ->(out) { out["lookup"] })
        server.breaks_stream(after: "thread.run.requires_action").breaks_stream(bytes: 0)
        expect(call(tools: { "lookup" => ->(_) { "found" } })[:text]).to eq("found")
        expect(request_lines.count { |line| line.end_with?("submit_tool_outputs") }).to eq(1)
        expect_one_run
      end

      it "fails with the prefix of waiting where the run can't be asked for" do
        answer
        server.breaks_stream(after: :run_created)
        server.fails_with(403, on: "GET /threads/{}/runs/{}", headers: { "x-request-id" => "req_9" })
        raised = failure_of { call }
        expect(raised.message).to start_with("Error waiting for completion: ").and end_with("(HTTP 403, request req_9)")
        expect(raised).to have_attributes(status: 403, run_id: runs_at_server.first.id,
                                          thread_id: runs_at_server.first.thread_id)
        expect_one_run
      end

      it "fails with the prefix of retrieving where the message can't be had" do
        answer
        server.breaks_stream(after: :run_created)
        server.fails_with(403, on: "GET /threads/{}/messages")
        expect(failure_of { call }.message).to start_with("Failed to retrieve response: ")
        expect_one_run
      end

      it "fails with what an error event says" do
        answer
        server.breaks_stream(after: :message_created, how: :error)
        raised = failure_of { call }
        expect(raised.message).to start_with("Error waiting for completion: The server had an error")
        expect(raised).to have_attributes(run_id: runs_at_server.first.id, thread_id: runs_at_server.first.thread_id)
        expect_one_run
      end

      it "fails where a stream has nothing in it: a run may have been started" do
        server.quirk(:empty_stream)
        expect(failure_of { call }.message).to match(/\AFailed to run assistant: .*may have been started/)
        expect_one_run
      end

      it "asks where JSON came instead of a stream, and the run has not ended" do
        server.quirk(:json_for_stream)
        server.answer("It is sunny.", polls: 2)
        expect(call[:text]).to eq("It is sunny.")
        expect_one_run
      end

      it "survives that asking fails for a while" do
        allow(Kernel).to receive(:sleep)
        answer
        server.breaks_stream(after: :run_created)
        server.fails_with(502, on: "GET /threads/{}/runs/{}").drops(on: "GET /threads/{}/runs/{}")
        expect(call[:text]).to eq("It is sunny 🌞.")
        expect_one_run
      end
    end
  end

  it "has given the block what had come until then" do
    answer
    server.breaks_stream(after: 10)
    deltas = []
    expect(ask { |delta| deltas << delta }[:text]).to eq("It is sunny 🌞.")
    expect("It is sunny 🌞.").to start_with(deltas.join)
    expect(deltas.first(2)).to eq(["It is ", "sunny "])
  end
end
