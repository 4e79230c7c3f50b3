# frozen_string_literal: true

RSpec.describe "Requests that go out", :server do
  let(:server) { $server } # rubocop:disable Style/GlobalVars
  let(:seen) { [] }

  def watch(**options)
    WebMock.after_request(**options) { |request, response| seen << [request, response] }
  end

  it "go out where WebMock allows it" do
    expect(ask[:text]).to be_a(String)
    expect(a_request(:post, "#{server.url}/threads")).to have_been_made.once
    WebMock.disable_net_connect!(allow_localhost: true)
    ask
    WebMock.disable_net_connect!(allow: "127.0.0.1:#{server.port}")
    ask
    WebMock.disable_net_connect!
    expect { ask }.to raise_error(WebMock::NetConnectNotAllowedError)
    expect(server.requests.size).to eq(18)
  end

  it "are told of, with what the server said" do
    watch(real_requests_only: true)
    server.answer("It is sunny.")
    ask
    expect(seen.map { |request, response| [request.method, response.status[0]] })
      .to eq([[:post, 200]] * 3 + [[:get, 200]] * 3)
    expect(JSON.parse(seen.first.last.body)).to include("object" => "thread")
    expect(seen.first.last.headers).to include("Content-Type" => /json/, "X-Request-Id" => /\Areq_/)
  end

  it "are told of when a stream has come as a whole" do
    watch(real_requests_only: true)
    server.answer("It is sunny.")
    pieces = []
    ask(flow: :streaming) { |piece| pieces << piece }
    expect(seen.size).to eq(1)
    body = seen.first.last.body
    expect(body).to start_with("event: thread.created\ndata: {").and end_with("data: [DONE]\n\n")
    expect(body.scan("event: thread.message.delta").size).to eq(pieces.size)
  end

  it "are told of as they were before they were packed" do
    watch(real_requests_only: true)
    server.quirks = [:gzip]
    ask
    expect(JSON.parse(seen.first.last.body)).to include("object" => "thread")
    expect(seen.first.last.headers.keys).not_to include("Content-Encoding")
  end

  it "are told of where the server says no, but not where there is no answer" do
    watch(real_requests_only: true)
    server.fails_with(400)
    expect { ask }.to raise_error(Asking::AssistantError)
    expect(seen.map { |_, response| response.status[0] }).to eq([400])
    server.drops(on: "POST /threads", times: :always)
    expect { ask }.to raise_error(Asking::AssistantError)
    expect(seen.size).to eq(1)
  end

  it "are told apart from stubbed ones" do
    stub_request(:post, "#{server.url}/threads").to_return(json({ id: "thread_1" }))
    watch(real_requests_only: true)
    expect { ask }.to raise_error(Asking::AssistantError, /Failed to add message/)
    expect(seen.map { |request, _| request.uri.path }).to eq(["/v1/threads/thread_1/messages"])
  end

  it "are repeated as ever" do
    server.fails_with(503, on: "POST /threads", headers: { "retry-after-ms" => "1" })
    expect(ask[:text]).to be_a(String)
    expect(a_request(:post, "#{server.url}/threads")).to have_been_made.twice
  end
end
