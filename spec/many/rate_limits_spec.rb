# frozen_string_literal: true

require "timeout"

require_relative "../support/flows"
require_relative "support/many_calls"

# A server that takes so many requests in each stretch of time.
RSpec.describe "Rate limits", :server do
  include ManyCalls
  include ResponsesAtServer

  # One with threads enough for a crowd, and with no past.
  around do |example|
    PromptTracker::Native::LocalServer.start(threads: 256) do |fresh|
      @fresh = fresh
      example.run
    end
  end

  before { ENV["OPENAI_BASE_URL"] = fresh.url }

  after { @threads&.each(&:kill)&.each(&:join) }

  attr_reader :fresh

  # A thread that does not outlive its example.
  def in_background(&block) = Thread.new(&block).tap { |thread| (@threads ||= []) << thread }

  def starts = fresh.requests.select { |request| request.method == "POST" }
  def refused = starts.size - fresh.runs.size

  def expect_all_answered(results, count)
    failed = results.grep(StandardError)
    expect(failed.map(&:message).tally).to eq({})
    expect(results.size).to eq(count)
  end

  tellings = { "Retry-After" => %i[retry_after], "retry-after-ms" => %i[retry_after_ms],
               "x-ratelimit-…" => %i[ratelimit], "all of these" => %i[retry_after retry_after_ms ratelimit],
               "nothing" => [] }

  tellings.each do |name, tells|
    it "lose no call of a batch where the server tells by #{name}" do
      fresh.limits_rate(40, per: 0.5, tells: tells)
      expect_all_answered(service.call_many(calls(150), concurrency: 60), 150)
      expect(fresh.runs.size).to eq(150)
    end
  end

  it "lose none of 1,000 calls with 200 refusals on their way" do
    count = 0
    every_third = ->(_) { ((count += 1) % 3).zero? }
    fresh.fails_with(429, on: every_third, headers: { "retry-after-ms" => "20" }, times: 200)
    expect_all_answered(service.call_many(calls(1000), concurrency: 200), 1000)
    expect(fresh.runs.size).to eq(1000)
    expect(refused).to eq(200)
  end

  it "hold no others up for a call whose wait ended with an error" do
    fresh.fails_with(429, headers: { "retry-after-ms" => "20" }, times: 1)
    allow(Kernel).to receive(:sleep).and_raise(IOError, "no sleep")
    results = Timeout.timeout(20) { service.call_many(calls(3), concurrency: 1) }
    expect(results.grep(StandardError).size).to eq(1)
    expect(results.size).to eq(3)
  end

  it "lose none that poll, nor any on Responses" do
    PromptTracker::Native.configure { |c| c.poll_interval = 0.01 }
    fresh.limits_rate(60, per: 0.5)
    expect_all_answered(service.call_many(calls(40, flow: :polling), concurrency: 40), 40)
    define_assistant
    expect_all_answered(service.call_many(calls(150), concurrency: 60), 150)
  end

  it "cost few refusals: all calls of the process wait when one was told to" do
    fresh.limits_rate(30, per: 0.5, tells: %i[retry_after_ms])
    service.call_many(calls(120), concurrency: 30)
    expect(refused).to be < 120 # each call by itself would be refused in all of the three stretches that it waits
  end

  it "hold a call by itself back, too, where another was told to wait" do
    fresh.limits_rate(1, per: 1, tells: %i[retry_after_ms])
    ask
    first, second = Array.new(2) { Thread.new { ask } }.map(&:value)
    expect([first, second]).to all(include(:text))
    fresh.limits_rate(nil)
    expect(ask).to include(:text)
  end

  it "go by server, key and model: others do not wait" do
    fresh.limits_rate(1, per: 20, on: ->(request) { request.headers["authorization"].end_with?("limited") })
    ENV["OPENAI_API_KEY"] = "sk-limited"
    ask
    waiting = in_background { service.call_many(calls(3)) }
    sleep 0.1
    ENV["OPENAI_API_KEY"] = "sk-other"
    expect(ask(timeout: 5)).to include(:text)
    expect(waiting).to be_alive
  end

  it "count into the time of a call" do
    fresh.limits_rate(1, per: 30)
    ask
    results = service.call_many(calls(2), timeout: 0.5)
    expect(results).to all(be_a(service::AssistantError))
  end

  it "make a batch read no calls that could only wait" do
    fresh.limits_rate(5, per: 30)
    read = []
    service.call_many(endless(read), concurrency: 50, timeout: 1) { |index, _| break if index >= 5 }
    expect(read.size).to be <= 60 # the first crowd, of which five went well, and a place for each of these
  end

  it "are final where they are about money" do
    quota = { error: { message: "You exceeded your current quota.", type: "insufficient_quota",
                       code: "insufficient_quota" } }
    fresh.fails_with(429, body: quota, times: 3, headers: { "retry-after" => "30" })
    results = service.call_many(calls(3))
    expect(results).to all(have_attributes(code: "insufficient_quota", status: 429))
    expect(starts.size).to eq(3)
    expect(ask(timeout: 5)).to include(:text)
  end

  it "can be left alone" do
    PromptTracker::Native.configure { |c| c.rate_limits = false }
    fresh.fails_with(429, headers: { "retry-after" => "20" }, times: 1)
    in_background { ask }
    eventually { starts.any? }
    expect(ask(timeout: 5)).to include(:text)
  end

  it "let a wait be interrupted" do
    fresh.limits_rate(1, per: 30)
    ask
    thread = in_background { service.call_many(calls(20)) }
    sleep 0.1
    expect(starts.size).to eq(1) # the others wait for the server's sake
    expect(seconds { thread.kill.join(5) }).to be_at_once
  end
end
