# frozen_string_literal: true

require_relative "support/flows"

# `timeout:` bounds a whole call, whatever takes the time.
RSpec.describe PromptTracker::OpenaiAssistantService, "with its time over", :server do
  late = "Assistant run timed out after 0.4 seconds"

  # What a call within 0.4 s raises; none takes so long that it could have waited for what it should not.
  def late_failure(**more)
    raised = nil
    expect(seconds { raised = failure_of { call(timeout: 0.4, **more) } }).to be_at_once
    raised
  end

  [*Flows::OWN, *Flows::RESPONSES].each do |flow|
    describe flow.name, wire: flow.wire do
      include_context "with a flow", flow

      it "ends while the server takes its time" do
        server.stays
        raised = late_failure
        expect(raised.message).to eq(late)
        run = runs_at_server.first
        expect(raised).to have_attributes(retryable?: true, **flow.known_of_late(run))
      end

      it "ends in a tool's handler, and sends nothing more that could start something" do
        server.calls_tool("slow", {}, then_answer: "Done.")
        raised = late_failure(tools: { "slow" => ->(_) { sleep 0.6 } })
        expect(raised.message).to eq(late)
        expect(raised.run_id).to eq(runs_at_server.first.id)
        expect(run_requests.size).to eq(1)
        expect(request_lines.grep(/submit_tool_outputs/)).to eq([])
      end

      it "does not wait for a retry that would come too late, and says what the server said" do
        server.fails_with(429, on: flow.starting, headers: { "retry-after" => "30" }, times: :always)
        raised = late_failure
        expect(raised.message).to start_with("#{flow.steps.fetch(flow.starting)}: ").and include("HTTP 429")
        expect(raised).to have_attributes(status: 429, retryable?: true)
      end

      it "ends between retries" do
        server.fails_with(503, on: flow.starting, headers: { "retry-after" => "0.15" }, times: :always)
        PromptTracker::Native.configure { |c| c.max_retries = 1000 }
        expect(late_failure.status).to eq(503).or(be_nil)
        sleep 0.1 # what was sent last may still be on its way to the server, which the next example shares
      end

      it "does not wait for the run to be cancelled" do
        server.stays
        server.fails_with(500, on: ->(request) { request.path.end_with?("/cancel") }, delay: 20, times: :always)
        expect(late_failure.message).to eq(late)
      end
    end
  end

  it "cancels the run at the server" do
    server.stays
    raised = failure_of { ask(timeout: 0.3) }
    expect(eventually { request_lines.last&.end_with?("/cancel") }).to be(true)
    expect(runs_at_server.first.tap(&:advance).status).to eq("cancelled")
    expect(raised.run_id).to eq(runs_at_server.first.id)
  end

  it "has a limit of its own for silence, which a stream that comes is not" do
    PromptTracker::Native.configure { |c| c.read_timeout = 1 }
    server.answer(deltas: Array.new(8) { |i| "#{i} " }, delay: 2)
    expect(ask { nil }[:text]).to eq("0 1 2 3 4 5 6 7 ")
    expect(request_lines).to eq(["POST /threads/runs"])
  end

  it "asks for the run where its stream falls silent" do
    PromptTracker::Native.configure { |c| c.read_timeout = 1 }
    server.answer(deltas: ["It is sunny."], delay: 4)
    expect(ask(timeout: 20)[:text]).to eq("It is sunny.")
    expect(request_lines).to include("GET /threads/{}/runs/{}")
    expect(run_requests.size).to eq(1)
  end
end
