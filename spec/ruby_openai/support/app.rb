# frozen_string_literal: true

# An app that was written for ruby-openai, and its suite. It runs as it is with that gem, and without it.

require "openai"
require "rspec/autorun"
require "webmock/rspec"

WebMock.disable_net_connect!(allow_localhost: true)

class Weather
  def initialize(client: nil)
    @client = client || OpenAI::Client.new(access_token: "sk-app-0123456789", request_timeout: 10)
  end

  def ask(question)
    answer = @client.chat(parameters: { model: "gpt-4o", messages: [{ role: "user", content: question }] })
    answer.dig("choices", 0, "message", "content")
  rescue Faraday::TooManyRequestsError => e
    "Too busy (#{e.response[:headers]["retry-after"]})"
  rescue Faraday::ClientError => e
    e.response[:body].dig("error", "message")
  rescue Faraday::Error
    "Out of order"
  end

  def by_hand(assistant_id)
    thread = @client.threads.create
    @client.messages.create(thread_id: thread["id"], parameters: { role: "user", content: "Hi!" })
    run = @client.runs.create(thread_id: thread["id"], parameters: { assistant_id: assistant_id })
    @client.runs.retrieve(thread_id: thread["id"], id: run["id"])["status"]
  end
end

RSpec.describe Weather do
  url = "https://api.openai.com/v1/chat/completions"

  def said(text) = { choices: [{ message: { content: text } }] }.to_json

  it "can be given a double of the client" do
    client = instance_double(OpenAI::Client, chat: { "choices" => [{ "message" => { "content" => "Sunny." } }] })
    expect(described_class.new(client: client).ask("Berlin?")).to eq("Sunny.")
    expect(client).to have_received(:chat).with(parameters: hash_including(model: "gpt-4o"))
  end

  it "has a client that OpenAI::Client.new was told to give" do
    threads = instance_double(OpenAI::Threads, create: { "id" => "thread_1" })
    messages = instance_double(OpenAI::Messages, create: { "id" => "msg_1" })
    runs = instance_double(OpenAI::Runs, create: { "id" => "run_1" }, retrieve: { "status" => "completed" })
    client = instance_double(OpenAI::Client, threads: threads, messages: messages, runs: runs)
    allow(OpenAI::Client).to receive(:new).and_return(client)
    expect(described_class.new.by_hand("asst_1")).to eq("completed")
    expect(runs).to have_received(:create).with(thread_id: "thread_1", parameters: { assistant_id: "asst_1" })
  end

  it "knows what the client can't do" do
    expect { instance_double(OpenAI::Client, chatter: 1) }.to raise_error(RSpec::Mocks::MockExpectationError)
    expect { instance_double(OpenAI::Runs, retrieve: {}).retrieve(id: "run_1") }.to raise_error(ArgumentError)
  end

  it "asks OpenAI" do
    stub_request(:post, url).with(headers: { "Authorization" => "Bearer sk-app-0123456789" },
                                  body: hash_including("model" => "gpt-4o"))
                            .to_return(body: said("Rain."), headers: { "Content-Type" => "application/json" })
    expect(described_class.new.ask("Berlin?")).to eq("Rain.")
    expect(a_request(:post, url)).to have_been_made.once
  end

  it "says how long it is busy" do
    stub_request(:post, url).to_return(status: 429, body: "{}", headers: { "Retry-After" => "0" })
    expect(described_class.new.ask("Berlin?")).to eq("Too busy (0)")
  end

  it "says what is wrong" do
    stub_request(:post, url).to_return(status: 400, body: { error: { message: "No such model" } }.to_json,
                                       headers: { "Content-Type" => "application/json" })
    expect(described_class.new.ask("Berlin?")).to eq("No such model")
  end

  it "is out of order without a network" do
    stub_request(:post, url).to_timeout
    expect(described_class.new.ask("Berlin?")).to eq("Out of order")
  end

  it "drives a server by hand" do
    client = OpenAI::Client.new(access_token: ENV.fetch("OPENAI_API_KEY"), uri_base: ENV.fetch("LOCAL_URL"))
    expect(described_class.new(client: client).by_hand("asst_1")).to eq("completed")
  end

  it "is configured as it always was" do
    OpenAI.configure { |config| config.organization_id = "org-1" }
    expect(OpenAI::Client.new(access_token: "x").organization_id).to eq("org-1")
  ensure
    OpenAI.configuration = nil
  end
end
