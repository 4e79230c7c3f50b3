# frozen_string_literal: true

require_relative "../support/flows"
require_relative "support/certificates"
require_relative "support/proxy"

# Servers that send a call elsewhere: it does not go, and neither does the key.
RSpec.describe PromptTracker::OpenaiAssistantService, "and redirects", :server do
  let(:elsewhere) { Faults::Proxy.new(server.port) }
  let(:proxy) { Faults::Proxy.new(server.port) }

  before { ENV["OPENAI_BASE_URL"] = proxy.url }

  after { [proxy, elsewhere].each(&:stop) }

  def redirect(pattern, status, location)
    proxy.on(pattern, times: 99) do |x|
      x.write("HTTP/1.1 #{status} Elsewhere\r\nLocation: #{location}\r\nContent-Length: 0\r\n\r\n")
    end
  end

  targets = {
    "another port" => ->(path) { "#{elsewhere.url}#{path}" },
    "another host" => ->(path) { "#{elsewhere.url("localhost")}#{path}" },
    "another host, with the user's name in it" => lambda { |path|
      "http://127.0.0.1:#{proxy.port}@localhost:#{elsewhere.port}/v1#{path}"
    },
    "a host without a scheme" => ->(path) { "//localhost:#{elsewhere.port}/v1#{path}" },
    "itself, for ever" => ->(path) { "#{proxy.url}#{path}" },
    "a path" => ->(path) { "/v1#{path}" },
    "a file" => ->(_) { "file:///etc/hostname" },
    "nowhere" => ->(_) { "" }
  }

  [Flows::STREAMED, Flows::POLLED, Flows::RESPONSES[0], Flows::RESPONSES[2]].each do |flow|
    describe flow.name do
      include_context "with a flow", flow
      include flow.helpers if flow.helpers

      targets.to_a.product([301, 302, 303, 307, 308]).each do |(name, target), status|
        it "follows no #{status} to #{name}" do
          path = flow.starting.sub(/\A\S+ /, "").gsub("{}", "thread_1")
          location = instance_exec(path, &target)
          redirect(/\APOST .*(runs|responses)\z/, status, location)
          raised = failure_of { call }
          expect(raised).to be_instance_of(described_class::AssistantError)
          expect(raised).to have_attributes(status: status, retryable?: false, run_id: nil)
          expect(raised.message).to match(/the server redirects to .* not followed/)
          expect(raised.full_message).not_to include(SharedServer::KEY)
          expect(proxy.requests.grep(/(runs|responses)\z/).size).to eq(1)
          expect(elsewhere.connections).to eq(0)
          expect(runs_at_server).to be_empty
        end
      end
    end
  end

  it "follows none when it asks for its run, either" do
    PromptTracker::Native.configure { |c| c.poll_interval = 0.005 }
    redirect(/\AGET /, 302, "#{elsewhere.url}/threads")
    raised = failure_of { ask(flow: :polling) }
    expect(raised.message).to match(/\AError waiting for completion: the server redirects to/)
    expect(raised.run_id).to eq(runs_at_server.first.id)
    expect(elsewhere.connections).to eq(0)
  end

  it "follows none from https to http" do
    secure = Faults::Proxy.new(server.port, tls: Faults::Certificates.good.context)
    ENV["SSL_CERT_FILE"] = Faults::Certificates.authority.file
    ENV["OPENAI_BASE_URL"] = secure.url
    secure.on(/\APOST /) do |x|
      x.write("HTTP/1.1 307 Elsewhere\r\nLocation: #{elsewhere.url}/threads/runs\r\nContent-Length: 0\r\n\r\n")
    end
    expect { ask }.to raise_error(described_class::AssistantError, /redirects to/)
    expect(elsewhere.connections).to eq(0)
  ensure
    secure&.stop
  end

  it "is sent to no other server by what an answer says of alternatives" do
    headers = "Alt-Svc: h2=\"localhost:#{elsewhere.port}\"; ma=99\r\nRefresh: 0; url=#{elsewhere.url}\r\n" \
              "Content-Location: #{elsewhere.url}\r\nSet-Cookie: a=b; Domain=127.0.0.1\r\n"
    proxy.on(/\APOST /, times: 2) { |x| x.write(x.carried_out.sub("\r\n", "\r\n#{headers}")) }
    3.times { expect(ask[:text]).to be_a(String) }
    expect(elsewhere.connections).to eq(0)
    expect(requests.map { |request| request.headers["cookie"] }).to all(be_nil)
  end
end
