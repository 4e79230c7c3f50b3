# frozen_string_literal: true

RSpec.describe "Stubs" do
  describe "of a streamed run" do
    let!(:start) do
      stub_request(:post,
                   "#{Asking::URL}/threads/runs").with(body: hash_including(assistant_id: "asst_1", stream: true))
        .to_return(answered("It is sunny."))
    end

    it "are read as a stream" do
      pieces = []
      expect(ask(flow: :streaming) { |piece| pieces << piece }[:text]).to eq("It is sunny.")
      expect(pieces).to eq(["It is sunny."])
      expect(start).to have_been_requested.once
    end

    it "may be JSON, after which the run is polled" do
      stub_request(:post, "#{Asking::URL}/threads/runs").to_return(json(run("queued")))
      stub_classic("Polled.")
      expect(ask(flow: :streaming)[:text]).to eq("Polled.")
    end

    it "may break off, after which the same run is polled" do
      whole = answered("It is sunny.")
      stub_request(:post, "#{Asking::URL}/threads/runs").to_return(whole.merge(body: whole[:body][0, 150]))
      stub_classic("Polled.")
      expect(ask(flow: :streaming)[:text]).to eq("Polled.")
    end

    it "keep to max_body_bytes" do
      configure { |c| c.max_body_bytes = 100 }
      expect { ask(flow: :streaming) }.to raise_error(Asking::AssistantError, /larger than the limit of 100 bytes/)
    end
  end

  it "serve the Responses wire, where that is set" do
    configure do |c|
      c.api = :responses
      c.assistants = { "asst_1" => { model: "gpt-4o" } }
    end
    response = { id: "resp_1", object: "response", status: "completed",
                 output: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "Hi!" }] }] }
    stub = stub_request(:post, "#{Asking::URL}/responses").with(body: hash_including(model: "gpt-4o", input: "Hello!"))
                                                          .to_return(json(response))
    expect(ask[:text]).to eq("Hi!")
    expect(stub).to have_been_requested.once
  end

  it "serve native chat, streamed too" do
    configure { |c| c.chat = :native }
    stub_request(:post, "#{Asking::URL}/chat/completions")
      .to_return(json({ model: "gpt-4o", choices: [{ message: { content: "Hi!" } }] }))
    chat = { provider: "openai", model: "gpt-4o", prompt: "Hello!" }
    expect(PromptTracker::LlmClientService.call(**chat)[:text]).to eq("Hi!")
    stub_request(:post, "#{Asking::URL}/chat/completions").with(body: hash_including(stream: true))
                                                          .to_return(body: <<~EVENTS)
                                                            data: {"choices":[{"delta":{"content":"Hi "}}]}

                                                            data: {"choices":[{"delta":{"content":"there!"}}]}

                                                            data: [DONE]

                                                          EVENTS
    pieces = []
    expect(PromptTracker::LlmClientService.call(**chat) { |piece| pieces << piece }[:text]).to eq("Hi there!")
    expect(pieces).to eq(["Hi ", "there!"])
  end

  it "serve many calls at once, in threads and in a batch" do
    stub_classic
    expect(Array.new(20) { Thread.new { ask[:text] } }.map(&:value).uniq).to eq(["It is sunny."])
    results = PromptTracker::OpenaiAssistantService.call_many(
      Array.new(20) { |n| { assistant_id: "asst_1", prompt: "prompt #{n}" } }
    )
    expect(results.map { |result| result[:text] }.uniq).to eq(["It is sunny."])
    expect(a_request(:post, "#{Asking::URL}/threads")).to have_been_made.times(40)
  end

  it "may hold bodies that are packed" do
    stub_classic
    stub_request(:post, "#{Asking::URL}/threads")
      .to_return(body: Zlib.gzip('{"id":"thread_1"}'), headers: { "Content-Encoding" => "gzip" })
    expect(ask[:text]).to eq("It is sunny.")
    stub_request(:post, "#{Asking::URL}/threads")
      .to_return(body: '{"id":"thread_1"}', headers: { "Content-Encoding" => "gzip" })
    expect(ask[:text]).to eq("It is sunny.")
  end

  it "may be Rack apps" do
    stub_request(:any, /api\.openai\.com/).to_rack(PromptTracker::Native::LocalServer.new)
    expect(ask("Hello!")[:text]).to include("Hello")
  end

  it "give errors what a server's answer gives them" do
    stub_request(:post, "#{Asking::URL}/threads")
      .to_return(json({ error: { message: "No", code: "nope", type: "bad" } }, status: 400, "X-Request-Id" => "req_1"))
    expect { ask }.to raise_error(Asking::AssistantError, "Failed to create thread: No (HTTP 400, request req_1)") { |e|
      expect([e.status, e.code, e.type, e.request_id]).to eq([400, "nope", "bad", "req_1"])
    }
  end

  describe "that fail" do
    it "are asked again where they have more to say" do
      stub_classic
      stub = stub_request(:post, "#{Asking::URL}/threads")
             .to_return(json({}, status: 429, "Retry-After" => "50"), json({ id: "thread_1" }))
      expect(ask[:text]).to eq("It is sunny.") # at once: there is nothing to wait for
      expect(stub).to have_been_requested.twice
    end

    it "are asked once where they can only say the same" do
      stub = stub_request(:post, "#{Asking::URL}/threads").to_return(status: 503)
      expect { ask }.to raise_error(Asking::AssistantError, /HTTP 503/)
      expect(stub).to have_been_requested.once
    end

    it "are asked as often as max_retries says" do
      configure { |c| c.max_retries = 2 }
      stub = stub_request(:post, "#{Asking::URL}/threads").to_return(status: 503)
      expect { ask }.to raise_error(Asking::AssistantError, /HTTP 503/)
      expect(stub).to have_been_requested.times(3)
    end

    it "are asked again where a block answers" do
      stub_classic
      answers = [{ status: 503 }, json({ id: "thread_1" })]
      stub_request(:post, "#{Asking::URL}/threads").to_return { answers.shift }
      expect(ask[:text]).to eq("It is sunny.")
    end
  end

  describe "that time out or raise" do
    let(:client) { PromptTracker::Native::Client.new(access_token: "sk-app") }
    let(:stub) { stub_request(:post, "#{Asking::URL}/threads") }

    it "time out as a connection does" do
      stub.to_timeout
      expect { client.threads.create }.to raise_error(PromptTracker::Native::TimeoutError, /execution expired/)
      expect { ask }.to raise_error(Asking::AssistantError, /\AFailed to create thread: could not connect/) { |e|
        expect(e.cause).to be_a(PromptTracker::Native::TimeoutError)
        expect(e).to be_retryable
      }
    end

    { Errno::ECONNREFUSED => /could not connect: Connection refused/, SocketError => /could not resolve/,
      Errno::ECONNRESET => /lost after .* may have been started/, EOFError => /lost/,
      OpenSSL::SSL::SSLError => /TLS/ }.each do |error, text|
      it "take #{error} as what it is on the network" do
        stub.to_raise(error)
        expect { client.threads.create }.to raise_error(PromptTracker::Native::ConnectionError, text)
        expect { ask }.to raise_error(Asking::AssistantError, text)
      end
    end

    { Net::ReadTimeout => /nothing was received/, Timeout::Error => /the time given was over/ }.each do |error, text|
      it "take #{error} as a timeout" do
        stub.to_raise(error)
        expect { client.threads.create }.to raise_error(PromptTracker::Native::TimeoutError, text)
      end
    end

    it "raise any other error as it is, which a service tells with its step" do
      mine = Class.new(StandardError)
      stub.to_raise(mine.new("no luck"))
      expect { client.threads.create }.to raise_error(mine, "no luck")
      expect { ask }.to raise_error(Asking::AssistantError, "Failed to create thread: no luck") { |e|
        expect(e.cause).to be_a(mine)
      }
    end

    it "raise it in streamed runs, too" do
      stub_request(:post, "#{Asking::URL}/threads/runs").to_raise(StandardError.new("no luck"))
      expect { ask(flow: :streaming) }.to raise_error(Asking::AssistantError, "Failed to run assistant: no luck")
      configure { |c| c.assistants = { "asst_1" => { model: "gpt-4o" } } }
      stub_request(:post, "#{Asking::URL}/responses").to_raise(StandardError.new("no luck"))
      expect { ask(flow: :streaming) }.to raise_error(Asking::AssistantError, "Failed to run assistant: no luck")
    end
  end
end
