# frozen_string_literal: true

require "timeout"
require_relative "support"

# The setting `background`: a response goes on without its stream, and its stream can be taken up again.
RSpec.describe PromptTracker::OpenaiAssistantService, "with responses in the background", :server do
  include_context "on the Responses wire"

  error = described_class::AssistantError
  resumed = %r{\AGET /v1/responses/resp_\w+\?stream=true&starting_after=(\d+)\z}
  cancelled = %r{\APOST /v1/responses/resp_\w+/cancel\z}

  before { PromptTracker::Native.configure { |c| c.background = true } }

  def answer = server.answer(deltas: ["It is ", "sunny ", "🌞."])

  def expect_one_response
    expect([run_requests.size, server.responses.size]).to eq([1, 1])
  end

  # Every request, those that cancel a response included.
  def targets = server.requests.map { |request| "#{request.method} #{request.path}#{query(request)}" }

  def query(request) = request.query.empty? ? "" : "?#{URI.encode_www_form(request.query)}"

  it "asks for one that is stored and streamed" do
    ask
    expect(bodies).to match([include("background" => true, "store" => true, "stream" => true)])
  end

  %i[close reset].each do |how|
    (1..11).each do |count|
      it "takes the stream up again after #{count} events, by #{how}" do
        answer
        server.breaks_stream(after: count, how: how)
        deltas = []
        expect(ask { |delta| deltas << delta }[:text]).to eq("It is sunny 🌞.")
        expect(deltas).to eq(["It is ", "sunny ", "🌞."])
        expect(targets.drop(1)).to match([resumed])
        expect(targets.last[resumed, 1].to_i).to eq(count - 1)
        expect_one_response
      end
    end
  end

  it "takes it up as often as it gets further" do
    answer
    server.breaks_stream(after: 2).breaks_stream(after: 2).breaks_stream(after: 3)
    deltas = []
    expect(ask { |delta| deltas << delta }[:text]).to eq("It is sunny 🌞.")
    expect(deltas.join).to eq("It is sunny 🌞.")
    expect(targets.drop(1)).to match([resumed, resumed, resumed])
    expect_one_response
  end

  it "polls where the stream can't be taken up again" do
    answer
    server.breaks_stream(after: :in_progress)
    server.fails_with(400, on: ->(request) { request.query["stream"] == "true" })
    expect(ask[:text]).to eq("It is sunny 🌞.")
    expect(request_lines.last).to eq("GET /responses/{}")
    expect_one_response
  end

  it "polls where the stream brings nothing more" do
    server.answer("It is sunny.", delay: 0.2)
    server.breaks_stream(after: :in_progress)
    again = ->(request) { request.query["stream"] == "true" }
    server.raw(on: again, headers: { "content-type" => "text/event-stream" })
    expect(ask[:text]).to eq("It is sunny.")
    expect(targets.last).to match(%r{\AGET /v1/responses/resp_\w+\z})
    expect_one_response
  end

  it "polls where the server answers JSON though a stream was asked for" do
    server.quirk(:json_for_stream)
    server.answer("It is sunny.", delay: 0.1)
    expect(ask[:text]).to eq("It is sunny.")
    expect_one_response
  end

  it "copes with a server that repeats events when a stream is taken up again" do
    server.quirk(:duplicate_events)
    answer
    server.breaks_stream(after: 9)
    deltas = []
    expect(ask { |delta| deltas << delta }[:text]).to eq("It is sunny 🌞.")
    expect(deltas.join).to eq("It is sunny 🌞.")
    expect_one_response
  end

  it "has its answer wherever the bytes stop, from where the response is known on" do
    outcomes = (0..12_000).step(997).map do |bytes|
      server.reset
      answer
      server.breaks_stream(bytes: bytes)
      ask[:text] == "It is sunny 🌞."
    rescue error => e
      expect(e.message).to match(/may have been started/)
      false
    ensure
      expect_one_response
    end
    expect(outcomes.last(10)).to all(be(true))
  end

  { streaming: "streamed", polling: "polled" }.each do |flow, name|
    it "cancels at the server what takes too long, #{name}" do
      server.stays
      raised = failure_of { ask(timeout: 0.3, flow: flow) }
      expect(raised).to be_instance_of(error).and have_attributes(
        message: "Assistant run timed out after 0.3 seconds", run_id: server.responses.first["id"], retryable?: true
      )
      expect(eventually { targets.grep(cancelled).any? }).to be(true)
      expect(eventually { server.responses.first["status"] == "cancelled" }).to be(true)
      expect_one_response
    end

    it "cancels what is interrupted, where the setting says so, #{name}" do
      PromptTracker::Native.configure { |c| c.cancel_on_interrupt = true }
      server.stays
      expect { Timeout.timeout(0.2) { ask(flow: flow) } }.to raise_error(Timeout::Error)
      expect(eventually { server.responses.first["status"] == "cancelled" }).to be(true)
    end
  end

  it "cancels nothing where the call ended" do
    PromptTracker::Native.configure { |c| c.cancel_on_interrupt = true }
    ask
    server.ends_with("failed")
    expect { ask }.to raise_error(error, /\AAssistant run failed/)
    expect(targets.grep(cancelled)).to eq([])
  end

  it "cancels no foreground response, which ends with its stream" do
    PromptTracker::Native.configure { |c| c.background = false }
    server.stays
    expect { ask(timeout: 0.2) }.to raise_error(error, /timed out/)
    sleep 0.05
    expect(request_lines).to eq(["POST /responses"])
    expect(eventually { server.responses.first["status"] == "cancelled" }).to be(true)
  end

  it "reports what the server refuses, where it has no background" do
    server.quirk(:no_store)
    expect { ask }.to raise_error(error, /\AFailed to run assistant: .*'background'/)
    expect(server.responses).to eq([])
  end

  it "answers tool calls, each response in the background" do
    server.calls_tool("lookup", {}, then_answer: ->(out) { out["lookup"] })
    server.breaks_stream(after: :in_progress).breaks_stream(after: :in_progress)
    handed = 0
    expect(ask(tools: { "lookup" => ->(_) { "found #{handed += 1}" } })[:text]).to eq("found 1")
    expect(bodies.map { |body| body["background"] }).to eq([true, true])
    expect(server.responses.size).to eq(2)
  end
end
