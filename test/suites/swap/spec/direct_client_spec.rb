# frozen_string_literal: true

require "faraday"

# Code of the app that uses the client by itself.
RSpec.describe OpenAI::Client do
  url = "https://api.openai.com/v1/chat/completions"
  parameters = { model: "gpt-4o", messages: [{ role: "user", content: "Hello!" }] }

  let(:client) { described_class.new(access_token: "sk-app") }
  let(:chat) { -> { client.chat(parameters: parameters) } }

  it "chats" do
    stub = stub_request(:post, url)
           .with(body: parameters, headers: { "Authorization" => "Bearer sk-app",
                                              "Content-Type" => "application/json" })
           .to_return(body: { choices: [{ message: { content: "Hi!" } }] }.to_json,
                      headers: { "Content-Type" => "application/json" })
    expect(chat.call.dig("choices", 0, "message", "content")).to eq("Hi!")
    expect(stub).to have_been_requested
  end

  it "streams" do
    events = %w[Hi there].map { |text| "data: #{{ choices: [{ delta: { content: text } }] }.to_json}\n\n" }
    stub_request(:post, url).with(body: hash_including("stream" => true))
                            .to_return(body: "#{events.join}data: [DONE]\n\n",
                                       headers: { "Content-Type" => "text/event-stream" })
    texts = []
    keep = ->(chunk, _) { texts << chunk.dig("choices", 0, "delta", "content") }
    client.chat(parameters: { **parameters, stream: keep })
    expect(texts).to eq(%w[Hi there])
  end

  { 429 => Faraday::TooManyRequestsError, 401 => Faraday::UnauthorizedError,
    500 => Faraday::ServerError }.each do |status, error|
    it "raises #{error} on #{status}, once" do
      stub = stub_request(:post, url)
             .to_return(status: status, body: '{"error":{"message":"No"}}',
                        headers: { "Content-Type" => "application/json" })
      expect(&chat).to raise_error(error) { |e|
        expect(e.response[:status]).to eq(status)
        expect(e.response[:body]).to eq("error" => { "message" => "No" })
      }
      expect(stub).to have_been_requested
    end
  end

  it "raises ConnectionFailed on a timeout" do
    stub_request(:post, url).to_timeout
    expect(&chat).to raise_error(Faraday::ConnectionFailed, /execution expired/)
  end

  it "raises what a stub raises" do
    stub_request(:post, url).to_raise(Faraday::TimeoutError)
    expect(&chat).to raise_error(Faraday::TimeoutError)
  end

  it "gets the recorded events of a run", vcr: { cassette_name: "streamed" } do
    names = []
    text = +""
    follow = lambda do |event, name|
      names << name
      text << event.dig("delta", "content", 0, "text", "value").to_s if name == "thread.message.delta"
    end
    run = { assistant_id: "asst_weather", thread: { messages: [{ role: "user", content: "The weather in Bonn?" }] } }
    client.runs.create_thread_and_run(parameters: { **run, stream: follow })
    expect(text).to eq("It is foggy.")
    expect(names).to include("thread.run.created", "thread.run.completed")
  end
end
