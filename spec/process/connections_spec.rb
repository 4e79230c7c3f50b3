# frozen_string_literal: true

require_relative "../support/flows"

# What a call costs, counted at the server.
RSpec.describe PromptTracker::OpenaiAssistantService, "and its connections", :server do
  # A server of its own, so that no connection is older than the example.
  around do |example|
    PromptTracker::Native::LocalServer.start do |fresh|
      @fresh = fresh
      example.run
    end
  end

  before { ENV["OPENAI_BASE_URL"] = fresh.url }

  attr_reader :fresh

  [Flows::STREAMED, Flows::WITH_BLOCK].each do |flow|
    it "is one request a call on one connection, #{flow.name}" do
      flow.prepare(self)
      20.times { flow.call(assistant_id: "asst_1", prompt: "Hello!") }
      expect(fresh.requests.map(&:to_s)).to eq(["POST /v1/threads/runs"] * 20)
      expect(fresh.connections).to eq(1)
    end
  end

  it "is the classic requests on one connection, polling" do
    PromptTracker::Native.configure { |c| c.poll_interval = 0.005 }
    5.times { ask(flow: :polling) }
    expect(fresh.requests.size).to eq(5 * Flows::POLLED.request_lines.size)
    expect(fresh.connections).to eq(1)
  end

  it "is one connection for services, clients and chat together" do
    PromptTracker::Native.configure { |c| c.chat = :native }
    ask
    PromptTracker::Native::Client.new.models.list
    PromptTracker::LlmClientService.call(provider: "openai", model: "gpt-4o", prompt: "Hello!")
    expect(fresh.connections).to eq(1)
  end

  it "keeps the connection when the server says no" do
    fresh.fails_with(400, on: "POST /threads/runs")
    failure_of { ask }
    fresh.ends_with("failed")
    failure_of { ask }
    ask
    expect(fresh.connections).to eq(1)
  end

  it "keeps a connection for each thread that calls at a time, and no more" do
    2.times { Array.new(8) { Thread.new { ask } }.each(&:join) }
    expect(fresh.requests.size).to eq(16)
    expect(fresh.connections).to be <= 8
  end

  it "never carries one key's requests with another's" do
    keys = %w[sk-first-0000000000 sk-second-000000000]
    keys.each do |key|
      ENV["OPENAI_API_KEY"] = key
      ask
    end
    expect(fresh.requests.map { |request| request.headers["authorization"] }).to eq(keys.map { |key| "Bearer #{key}" })
  end

  describe "from 100 threads at once" do
    [{}, { flow: :polling }].each do |options|
      it "gives each its own answer, with #{options}" do
        fresh.answer(times: :always, delay: 0.2) { |prompt| "You said: #{prompt}" }
        results = nil
        took = seconds do
          results = Array.new(100) { |i| Thread.new { ask(prompt: "Call #{i}", **options) } }.map(&:value)
        end
        expect(results.map { |result| result[:text] }).to eq(Array.new(100) { |i| "You said: Call #{i}" })
        expect(results.map { |result| result[:raw][:run_id] }.uniq.size).to eq(100)
        expect(took).to be < 10
      end
    end

    it "gives each its own deltas" do
      fresh.answer(times: :always, delay: 0.2) { |prompt| "#{prompt} says many words, one after the other" }
      threads = Array.new(100) do |i|
        Thread.new do
          deltas = []
          text = ask(prompt: "Call #{i}") { |delta| deltas << delta }[:text]
          [text, deltas.join, deltas.size > 1]
        end
      end
      expected = Array.new(100) { |i| ["Call #{i} says many words, one after the other"] * 2 + [true] }
      expect(threads.map(&:value)).to eq(expected)
    end

    it "does not mix up failures" do
      fresh.answer("Fine.", times: :always, assistant_id: "asst_good")
      fresh.ends_with("failed", last_error: { code: "c", message: "Bad." }, times: :always, assistant_id: "asst_bad")
      outcomes = Array.new(100) do |i|
        Thread.new do
          ask(assistant_id: i.even? ? "asst_good" : "asst_bad")[:text]
        rescue described_class::AssistantError => e
          e.message
        end
      end.map(&:value)
      expect(outcomes).to eq(["Fine.", "Assistant run failed: Bad."] * 50)
    end

    it "lets one service be called by all" do
      service = described_class.new(assistant_id: "asst_1", prompt: "Hello!")
      ids = Array.new(100) { Thread.new { service.call[:raw][:run_id] } }.map(&:value)
      expect(ids.uniq.size).to eq(100)
    end
  end

  it "leaves other Ruby threads running while it waits" do
    fresh.stays
    count = 0
    counter = Thread.new { loop { count += 1 } }
    failure_of { ask(timeout: 0.3) }
    counter.kill
    counter.join
    expect(count).to be > 100_000
  end
end
