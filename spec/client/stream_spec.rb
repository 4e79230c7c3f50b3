# frozen_string_literal: true

require "prompt_tracker/native"
require_relative "support/clean_environment"
require_relative "support/recorded_transport"

RSpec.describe PromptTracker::Native::Client, "streaming" do
  include_context "with a recorded transport"

  let(:events) { [["thread.created", "{\"id\":\"thread_1\"}"], [nil, "{\"n\":2}"], ["done", "[DONE]"]] }
  let(:prepare) { ->(transport) { transport.events = events } }
  let(:got) { [] }

  def stream_to(receiver, key = :stream)
    client.runs.create_thread_and_run(parameters: { assistant_id: "asst_1", key => receiver })
  end

  it "gives the data of each event to a proc of one argument" do
    stream_to(proc { |data| got << data })
    expect(got).to eq([{ "id" => "thread_1" }, { "n" => 2 }])
  end

  both = [[{ "id" => "thread_1" }, "thread.created"], [{ "n" => 2 }, nil]]

  it "gives the event's name too to one of two" do
    stream_to(->(data, event) { got << [data, event] })
    expect(got).to eq(both)
  end

  it "takes an object with #call" do
    receiver = Class.new do
      def initialize(got) = @got = got
      def call(data, event) = @got << [data, event]
    end
    stream_to(receiver.new(got))
    expect(got).to eq(both)
  end

  it "takes a Method" do
    taken = got
    define_singleton_method(:take) { |data, event| taken << [data, event] }
    stream_to(method(:take))
    expect(got).to eq(both)
  end

  it "takes optional arguments" do
    stream_to(->(data, event = :none) { got << [data, event] })
    expect(got).to eq(both)
  end

  it "asks the server to stream, and gives an empty text" do
    expect(stream_to(proc { |_| })).to eq("")
    expect(sent.json).to eq("assistant_id" => "asst_1", "stream" => true)
  end

  it "takes the parameter under a String too" do
    stream_to(proc { |data| got << data }, "stream")
    expect(got.size).to eq(2)
    expect(sent.json).to eq("assistant_id" => "asst_1", "stream" => true)
  end

  it "streams chat, runs and tool outputs" do
    receiver = proc { |data| got << data }
    client.chat(parameters: { stream: receiver })
    client.runs.create(thread_id: "t", parameters: { stream: receiver })
    client.runs.submit_tool_outputs(thread_id: "t", run_id: "r", parameters: { stream: receiver })
    client.json_post(path: "/x", parameters: { stream: receiver })
    expect(got.size).to eq(8)
  end

  [true, "yes", 1, :to_proc].each do |value|
    it "refuses #{value.inspect}, which can't take events" do
      expect { stream_to(value) }.to raise_error(ArgumentError, /stream parameter must be a Proc/)
      expect { stream_to(value, "stream") }.to raise_error(ArgumentError, /stream parameter must be a Proc/)
      expect(RecordedTransport.made).to be_empty
    end
  end

  it "does not stream for false or nil" do
    expect(stream_to(false)).to eq({})
    expect(sent.json).to include("stream" => false)
  end

  it "passes on what the proc raises" do
    expect { stream_to(->(_) { raise KeyError, "mine" }) }.to raise_error(KeyError, "mine")
  end

  context "when the server answers with JSON instead" do
    let(:prepare) { answering("{\"id\":\"run_1\"}") }

    it "gives it, and calls nothing" do
      expect(stream_to(proc { |data| got << data })).to eq("id" => "run_1")
      expect(got).to be_empty
    end
  end

  context "when an event is no JSON" do
    let(:events) { [[nil, "oops key-for-specs"]] }

    it "is an error that quotes it without the key" do
      expect { stream_to(proc { |_| }) }
        .to raise_error(PromptTracker::Native::AnswerError, /not JSON: "oops \[hidden\]"/) { |e| expect(e.cause).to be_nil }
    end
  end
end
