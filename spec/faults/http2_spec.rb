# frozen_string_literal: true

require_relative "../support/flows"
require_relative "support/http2_server"

# HTTP/2, frame by frame: what a server may say of a stream or a connection, and what it may not.
RSpec.describe PromptTracker::OpenaiAssistantService, "over an HTTP/2 that breaks", :server do
  sse = ->(events) { events.map { |name, data| "event: #{name}\ndata: #{JSON.generate(data)}\n\n" } }
  message = { id: "msg_1", object: "thread.message", role: "assistant", run_id: "run_1", thread_id: "thread_1",
              content: [{ type: "text", text: { value: "It is sunny 🌞.", annotations: [] } }] }
  run = { id: "run_1", object: "thread.run", thread_id: "thread_1", status: "completed" }
  response = { id: "resp_1", object: "response", status: "completed", output: [
    { type: "message", id: "msg_1", role: "assistant", status: "completed",
      content: [{ type: "output_text", text: "It is sunny 🌞.", annotations: [] }] }
  ] }

  # The events of a call, and what is found when its run, or the run's messages, are asked for.
  wires = {
    assistants: [sse[[["thread.run.created", { **run, status: "queued" }], ["thread.message.completed", message],
                      ["thread.run.completed", run]]], { **run, object: "list", data: [message] }],
    responses: [sse[[["response.created", { response: { **response, status: "in_progress", output: [] } }],
                     ["response.output_text.delta", { delta: "It is sunny 🌞." }],
                     ["response.completed", { response: response }]]], response]
  }

  stream = "text/event-stream"
  says = ->(s, events, count) { s.head(stream) && s.data(events.first(count).join) }
  whole = ->(s, events) { s.answer(stream, events.join) }

  faults = {
    "a stream that is refused" => [:answer_or_ambiguous, ->(s, _) { s.reset(7) }],
    "a stream that is reset before the answer" => [:ambiguous, ->(s, _) { s.reset(2) }],
    "a stream that is cancelled before the answer" => [:ambiguous, ->(s, _) { s.reset(8) }],
    "a stream that is ended without an answer, with no error" => [:ambiguous, ->(s, _) { s.reset(0) }],
    "a stream that is reset after the head" => [:ambiguous, ->(s, _) { s.head(stream) && s.reset(2) }],
    "a stream that is reset once the run is known" => [:answer, ->(s, e) { says[s, e, 1] && s.reset(2) }],
    "a stream that is reset after its last event" => [:answer, ->(s, e) { says[s, e, 3] && s.reset(8) }],
    "a stream that ends once the run is known" =>
      [:answer, ->(s, e) { says[s, e, 1] && s.data("", ending: true) }],
    "a stream that has an answer without a body" => [:ambiguous, ->(s, _) { s.head(stream, ending: true) }],
    "a goodbye that lets the call end" => [:answer, ->(s, e) { s.goaway(0) && whole[s, e] }],
    "a goodbye in the middle of the answer" =>
      [:answer, ->(s, e) { says[s, e, 1] && s.goaway(0) && s.data(e.last(2).join, ending: true) }],
    "a goodbye that leaves the call out" => [:answer_or_ambiguous, lambda { |s, _|
      s.goaway(0, last: 0)
      s.hang_up
    }],
    "a goodbye that asks for calm" => [:ambiguous, lambda { |s, _|
      s.goaway(11)
      s.hang_up
    }],
    "an end without a goodbye" => [:ambiguous, ->(s, _) { s.hang_up }],
    "an end without a goodbye once the run is known" => [:answer, ->(s, e) { says[s, e, 1] && s.hang_up }],
    "frames that are none" => [:ambiguous, ->(s, _) { s.raw("\xff" * 3000) }],
    "a frame that is too large" => [:ambiguous, ->(s, _) { s.frame(0, 0, "x" * 20_000) }],
    "headers that can't be unpacked" => [:ambiguous, ->(s, _) { s.frame(1, 4, "\xff\xff\xff\xff\xff\x7f".b) }],
    "data before the head" => [:ambiguous, ->(s, _) { s.data("event: x\n\n") }],
    "data before the head, when nothing else is on its way" => [:ambiguous, lambda { |s, _|
      sleep 0.3
      s.data("event: x\n\n")
    }],
    "a push that nobody asked for" => [:ambiguous, ->(s, _) { s.frame(5, 4, [2].pack("N") + "\x82".b) }],
    "data on a stream that nobody opened" =>
      [:answer_or_ambiguous, ->(s, e) { s.connection.frame(0, 0, 99, "x") && whole[s, e] }],
    "frames of a kind that nobody knows" => [:answer, ->(s, e) { s.frame(0x77, 0, "what?") && whole[s, e] }],
    # nghttp2 takes it for an attack when a thousand of its answers are still to be sent.
    "hundreds of pings" => [:answer, ->(s, e) { 900.times { s.ping } && whole[s, e] }],
    "hundreds of settings" => [:answer, ->(s, e) { 900.times { s.settings } && whole[s, e] }],
    "a thousand empty frames" =>
      [:answer, ->(s, e) { s.head(stream) && 1000.times { s.data("") } && s.data(e.join, ending: true) }],
    "pings and no answer" => [:timed_out, lambda { |s, _|
      20.times do
        s.ping
        sleep 0.03
      end
    }]
  }

  let(:events) { wires.fetch(flow.wire).first }
  let(:found) { JSON.generate(wires.fetch(flow.wire).last) }
  let(:waits) { [] }

  before do
    allow(Kernel).to receive(:sleep) { |wait| waits << wait }
    ENV["SSL_CERT_FILE"] = Faults::Certificates.authority.file
  end

  after { @h2&.stop }

  # Each POST goes to the block; what is asked for later is found.
  def serve(settings: "", &action)
    sure = found
    @h2 = Faults::Http2Server.new do |s|
      s.post ? action.call(s) : s.answer("application/json", sure)
    end
    @h2.settings = settings
    ENV["OPENAI_BASE_URL"] = @h2.url
    @h2
  end

  def outcome(**options)
    call(timeout: 10, **options)[:text]
  rescue described_class::AssistantError => e
    e
  end

  def expect_outcome(promise, seen)
    case promise
    when :answer then expect(seen).to eq("It is sunny 🌞.")
    when :timed_out then expect(seen.message).to eq("Assistant run timed out after 0.3 seconds")
    when :ambiguous
      expect(seen).to be_a(described_class::AssistantError).and have_attributes(retryable?: false, run_id: nil)
      expect(seen.message).to match(/may have been started/)
    else expect_outcome(seen.is_a?(String) ? :answer : :ambiguous, seen)
    end
  end

  [Flows::STREAMED, Flows::WITH_BLOCK, Flows::RESPONSES[0], Flows::RESPONSES[1]].each do |flow|
    describe flow.name do
      include_context "with a flow", flow
      include flow.helpers if flow.helpers

      faults.each do |name, (promise, fault)|
        it "#{name}: #{promise}" do
          known = events
          h2 = serve { |s| s.number == 1 ? fault.call(s, known) : whole[s, known] }
          expect_outcome(promise, outcome(**(promise == :timed_out ? { timeout: 0.3 } : {})))
          expect(h2.posts).to eq(1).or eq(promise == :answer_or_ambiguous ? 2 : 1)
          expect(outcome).to eq("It is sunny 🌞.")
          expect(waits).to be_empty
        end
      end

      it "makes a new connection after each goodbye, and each call once" do
        known = events
        h2 = serve do |s|
          s.goaway(0) if (s.number % 5).zero?
          whole[s, known]
        end
        expect(Array.new(20) { outcome }).to eq(["It is sunny 🌞."] * 20)
        expect([h2.posts, h2.gets]).to eq([20, 0])
      end

      it "leaves the others alone when one of many streams is reset" do
        known = events
        h2 = serve { |s| (s.number % 4).zero? ? s.reset(2) : whole[s, known] }
        outcomes = Array.new(40) { Thread.new { outcome } }.map(&:value)
        answers, errors = outcomes.partition { |seen| seen.is_a?(String) }
        expect([answers.uniq, answers.size, errors.size]).to eq([["It is sunny 🌞."], 30, 10])
        errors.each { |error| expect_outcome(:ambiguous, error) }
        expect(h2.posts).to eq(40)
      end

      it "queues calls where only one stream is allowed at a time" do
        known = events
        h2 = serve(settings: [3, 1].pack("nN")) { |s| whole[s, known] }
        expect(Array.new(20) { Thread.new { outcome } }.map(&:value)).to eq(["It is sunny 🌞."] * 20)
        expect(h2.posts).to eq(20)
      end

      it "gives up in time where the server never takes the request's body" do
        serve(settings: [4, 0].pack("nN")) { |_| nil }
        took = seconds { expect_outcome(:timed_out, outcome(timeout: 0.3)) }
        expect(took).to be < 5
      end
    end
  end
end
