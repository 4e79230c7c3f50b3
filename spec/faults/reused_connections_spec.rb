# frozen_string_literal: true

require_relative "../support/flows"
require_relative "support/certificates"
require_relative "support/proxy"

# A connection that an earlier call has left open, and that is no good any more.
RSpec.describe PromptTracker::OpenaiAssistantService, "on a connection that has died since", :server do
  let(:proxy) { Faults::Proxy.new(server.port, tls: tls) }
  let(:waits) { [] }

  before do
    allow(Kernel).to receive(:sleep) { |wait| waits << wait }
    ENV["SSL_CERT_FILE"] = Faults::Certificates.authority.file
    ENV["OPENAI_BASE_URL"] = proxy.url
    server.answer("It is sunny 🌞.", times: :always)
  end

  after { proxy.stop }

  # A call that leaves an open connection behind.
  def warm_up
    call
    server.reset
    server.answer("It is sunny 🌞.", times: :always)
    expect(proxy.connections).to eq(1)
  end

  def started = proxy.requests.count { |line| line.match?(/\APOST .*(runs|responses)\z/) }

  [Flows::STREAMED, Flows::WITH_BLOCK, Flows::POLLED, Flows::RESPONSES[0],
   Flows::RESPONSES[4]].product([false, true]).each do |flow, secure|
    describe "#{flow.name}#{" over TLS" if secure}" do
      include_context "with a flow", flow
      include flow.helpers if flow.helpers

      let(:tls) { Faults::Certificates.good.context if secure }

      # The request that the next call begins with.
      def first_request = /\A#{Regexp.escape(flow.request_lines.first.sub(" /", " /v1/"))}\z/

      [false, true].each do |reset|
        it "has its answer on a new one where the server had #{reset ? "reset" : "closed"} it in the meantime" do
          warm_up
          proxy.drop_connections(reset: reset)
          sleep 0.02 # the news arrives
          expect(call[:text]).to eq("It is sunny 🌞.")
          expect([runs_at_server.size, started]).to eq([1, 2])
          expect(proxy.connections).to be >= 2
        end
      end

      { "reset" => :reset, "closed" => :close }.each do |name, action|
        it "does not send again what was read before it was #{name}" do
          warm_up
          proxy.on(first_request) { |x| x.carried_out && x.public_send(action) }
          raised = failure_of { call }
          expect(raised.message).to match(/may have been started/)
          expect(raised).to have_attributes(retryable?: false)
          expect(waits).to be_empty
          expect(proxy.requests.count { |line| line.match?(first_request) }).to eq(2)
          expect(runs_at_server.size).to be <= 1
          expect(call[:text]).to eq("It is sunny 🌞.")
        end
      end

      it "is not used again once it has fallen silent" do
        warm_up
        proxy.on(first_request, times: 99, &:stall)
        raised = failure_of { call(timeout: 0.3) }
        expect(raised.message).to eq("Assistant run timed out after 0.3 seconds")
        proxy.forget_plans
        expect(call(timeout: 10)[:text]).to eq("It is sunny 🌞.")
        expect(proxy.connections).to be >= 2
      end
    end
  end

  describe "with many calls at once" do
    let(:tls) { nil }

    it "carries out each once, though connections die all the time" do
      dying = Thread.new do
        40.times { |i| sleep(0.01) && proxy.drop_connections(reset: i.odd?) }
      end
      outcomes = Array.new(8) do |i|
        Thread.new do
          Array.new(25) do |n|
            ask(prompt: "call #{i}-#{n}")[:text]
          rescue described_class::AssistantError => e
            e.message[/may have been started/] || e.message
          end
        end
      end.flat_map(&:value)
      dying.join
      expect(outcomes.uniq - ["It is sunny 🌞.", "may have been started"]).to eq([])
      prompts = run_requests.map { |request| request.body.dig("thread", "messages", 0, "content") }
      expect(prompts.tally.values.max).to eq(1)
      expect(runs_at_server.size).to be >= outcomes.count("It is sunny 🌞.")
    end
  end
end
