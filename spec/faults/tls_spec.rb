# frozen_string_literal: true

require_relative "../support/flows"
require_relative "support/certificates"
require_relative "support/proxy"

# Servers whose certificate is no good, or that don't speak TLS as they should. Nothing is sent to any of them.
RSpec.describe PromptTracker::OpenaiAssistantService, "and TLS that is not as it should be", :server do
  let(:authority) { Faults::Certificates.authority }
  let(:waits) { [] }

  before do
    allow(Kernel).to receive(:sleep) { |wait| waits << wait }
    ENV["SSL_CERT_FILE"] = authority.file
  end

  after { @proxy&.stop }

  def serve_with(context)
    @proxy = Faults::Proxy.new(server.port, tls: context)
    ENV["OPENAI_BASE_URL"] = @proxy.url
    @proxy
  end

  # A server that says this on each connection, TLS or not.
  def serve_plainly(&action)
    @proxy = Faults::Proxy.new
    @proxy.on_connect(times: 99, &action)
    ENV["OPENAI_BASE_URL"] = @proxy.url.sub("http:", "https:")
    @proxy
  end

  def certificate(issuer: authority, **options) = Faults::Certificate.new("server", issuer: issuer, **options)

  # A certificate between the authority's and the server's.
  def link(authority: true, **options)
    Faults::Certificate.new("link", issuer: self.authority, authority: authority, **options)
  end

  # A server that shows the link too.
  def chained(link) = certificate(issuer: link).context(chain: [link])

  def expect_nothing_sent
    expect(@proxy.requests).to eq([])
    expect(server.requests).to eq([])
    expect(@proxy.connections).to be_between(1, 3)
  end

  # What each server shows, and what is said of it.
  another = /no alternative certificate subject name|does not match/
  unknown = /local issuer|self.signed/i
  bad = {
    "another host's certificate" => [another, -> { certificate(names: "DNS:api.example.com").context }],
    "another address's certificate" => [another, -> { certificate(names: "IP:127.0.0.2").context }],
    "a certificate for any host but this one" =>
      [another, -> { certificate(names: "DNS:*.example.com,DNS:*").context }],
    "an expired certificate" => [/expired/, -> { certificate(from: -7200, to: -3600).context }],
    "a certificate of tomorrow" => [/not yet valid/, -> { certificate(from: 3600, to: 7200).context }],
    "a self-signed certificate" => [unknown, -> { certificate(issuer: nil).context }],
    "a certificate of an authority that nobody knows" =>
      [unknown, -> { certificate(issuer: Faults::Certificate.new("unknown", authority: true)).context }],
    "a chain with a link missing" => [unknown, -> { certificate(issuer: link).context }],
    "a chain by way of a certificate that may not sign" =>
      [/invalid CA|invalid.*certificate|local issuer/i, -> { chained(link(authority: false)) }],
    "a chain with an expired link" => [/expired/, -> { chained(link(from: -7200, to: -3600)) }]
  }

  [Flows::STREAMED, Flows::POLLED, Flows::RESPONSES[0]].each do |flow|
    describe flow.name do
      include_context "with a flow", flow
      include flow.helpers if flow.helpers

      bad.each do |name, (said, context)|
        it "refuses #{name}, sends it nothing, and does not try again" do
          serve_with(instance_exec(&context))
          raised = failure_of { call }
          expect(raised).to be_instance_of(described_class::AssistantError).and have_attributes(retryable?: false)
          expect(raised.message).to match(/certificate failed/).and match(said)
          expect(raised.message).not_to match(/may have been started/)
          expect(waits).to be_empty
          expect_nothing_sent
        end
      end

      it "takes a chain that is whole" do
        serve_with(chained(link))
        expect(call[:text]).to be_a(String)
      end

      it "says that nothing was sent to a server that speaks no TLS" do
        serve_plainly { |x| x.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") && x.close }
        raised = failure_of { call }
        expect(raised.message).to match(/could not connect|certificate failed/)
        expect(raised.message).not_to match(/may have been started/)
        expect_nothing_sent
      end

      { "garbage" => ->(x) { x.write(Random.new(3).bytes(500)) && x.close }, "a reset" => :reset.to_proc,
        "an end" => :close.to_proc }.each do |name, action|
        it "says that nothing was sent where a handshake is answered with #{name}" do
          serve_plainly { |x| x.hear && action.call(x) }
          raised = failure_of { call }
          expect(raised.message).to match(/could not connect|certificate failed|before the request was sent/)
          expect(raised.message).not_to match(/may have been started/)
          expect_nothing_sent
        end
      end

      it "says that the time was over where a handshake is never answered" do
        serve_plainly(&:stall)
        raised = failure_of { call(timeout: 0.3) }
        expect(raised.message).to eq("Assistant run timed out after 0.3 seconds")
        expect_nothing_sent
      end

      it "says that no connection stood in time where a handshake is never answered" do
        PromptTracker::Native.configure do |c|
          c.connect_timeout = 0.2
          c.max_retries = 0
        end
        serve_plainly(&:stall)
        raised = failure_of { call }
        expect(raised.message).to match(/could not connect in time/)
        expect(raised).to have_attributes(retryable?: true)
        expect_nothing_sent
      end
    end
  end

  it "does without a check only where the setting says so" do
    serve_with(certificate(issuer: nil).context)
    expect { ask }.to raise_error(described_class::AssistantError)
    PromptTracker::Native.configure { |c| c.verify_tls = false }
    expect(ask[:text]).to be_a(String)
  end

  it "does not use a connection that was not checked where a check is asked for" do
    serve_with(certificate(issuer: nil).context)
    PromptTracker::Native.configure { |c| c.verify_tls = false }
    ask
    PromptTracker::Native.configure { |c| c.verify_tls = true }
    expect { ask }.to raise_error(described_class::AssistantError, /certificate failed/)
    expect(server.requests.size).to eq(1)
  end
end
