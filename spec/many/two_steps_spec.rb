# frozen_string_literal: true

require "timeout"
require_relative "../support/flows"
require_relative "support/many_calls"

# A call of a batch has a Fiber from when its first request is answered, and none before, where that can be.
RSpec.describe PromptTracker::Native::CallMany, :server do
  include ManyCalls
  include ResponsesAtServer

  describe "in flight", :child_process do
    # How many Fibers more a process has while it has 30 calls in flight.
    def fibers_in_flight(call, on: "OpenaiAssistantService", setup: "")
      server.answer(times: :always, delay: 0.7)
      expect_clean(<<~RUBY).to_i
        def living = GC.start || ObjectSpace.each_object(Fiber).count(&:alive?)
        #{setup}
        before = living
        counting = Thread.new { sleep 0.35; living - before }
        results = PromptTracker::#{on}.call_many(Array.new(30) { #{call} }, concurrency: 30)
        results.each { |result| raise result if result.is_a?(Exception) }
        puts counting.value
      RUBY
    end

    assistant = '{ assistant_id: "asst_1", prompt: "x" }'
    defined = 'PromptTracker::Native.configure { |c| c.assistants = { asst_1: { model: "m" } } }'
    few = 2 # those of the threads

    it "are no Fibers" do
      expect(fibers_in_flight(assistant)).to be <= few
    end

    it "are none on Responses" do
      expect(fibers_in_flight(assistant, setup: defined)).to be <= few
    end

    it "are none where LlmClientService asks assistants" do
      call = '{ provider: "openai_assistants", model: "asst_1", prompt: "x" }'
      expect(fibers_in_flight(call, on: "LlmClientService")).to be <= few
    end

    it "are one each where an interrupt is to cancel the runs" do
      setup = "PromptTracker::Native.configure { |c| c.cancel_on_interrupt = true }"
      expect(fibers_in_flight(assistant, setup: setup)).to be >= 30
    end
  end

  { "the polling flow" => { flow: :polling }, "a conversation that is made first" => { thread_id: :new },
    "a thread that is made first" => { additional_instructions: "Be brief." } }.each do |name, options|
    it "takes one for each where that needs #{name}, and the answers are the same" do
      define_assistant if options[:thread_id]
      echo
      expect(texts(service.call_many(calls(2, **options)))).to eq(["You said: Call 0", "You said: Call 1"])
    end
  end

  it "lets the service be made by its own `new`, once a call" do
    echo
    made = []
    own = Class.new(service) do
      define_method(:initialize) { |**more| made << more[:prompt] && super(**more) }
    end
    expect(texts(own.call_many(calls(2)))).to eq(["You said: Call 0", "You said: Call 1"])
    expect(made).to eq(["Call 0", "Call 1"])
  end

  it "takes what a stubbed `new` returns" do
    double = instance_double(service, call: { text: "from the double" })
    allow(service).to receive(:new).and_return(double)
    expect(texts(service.call_many(calls(2)))).to eq(["from the double"] * 2)
    expect(double).to have_received(:call).twice
  end

  it "calls what stands in the place of a call as a whole", :child_process do
    echo
    out = expect_clean(<<~RUBY)
      service = PromptTracker::OpenaiAssistantService
      ask = -> { p(service.call_many([{ assistant_id: "asst_1", prompt: "x" }]).map { |result| result[:text] }) }
      ask.call
      service.prepend(Module.new { def call = { text: "instance" } })
      ask.call
      service.singleton_class.prepend(Module.new { def call(**) = { text: "class" } })
      ask.call
      llm = { provider: "openai_assistants", model: "asst_1", prompt: "x" }
      p(PromptTracker::LlmClientService.call_many([llm]).map { |result| result[:text] })
    RUBY
    expect(out.lines(chomp: true)).to eq(['["You said: x"]', '["instance"]', '["class"]', '["class"]'])
  end

  it "hands each call's failure to that call, wherever it comes" do
    echo
    own = Class.new(service) { def build_client = prompt == "Call 1" ? raise(KeyError, "no client") : super }
    results = own.call_many(calls(3))
    expect(results[1]).to be_a(KeyError).and have_attributes(message: "no client")
    expect(texts(results.values_at(0, 2))).to eq(["You said: Call 0", "You said: Call 2"])
  end

  it "makes a call that was begun, and is refused, once more" do
    server.fails_with(503, times: 3, headers: { "retry-after-ms" => "10" })
    echo
    expect(texts(service.call_many(calls(3)))).to eq(["You said: Call 0", "You said: Call 1", "You said: Call 2"])
  end

  it "names what failed as a call by itself does" do
    PromptTracker::Native.configure { |c| c.base_url = "http://127.0.0.1:1/v1" and c.max_retries = 0 }
    alone = failure_of { service.call(**calls(1).first) }
    said = [alone, *service.call_many(calls(2))].map { |error| [error.class, error.message.sub(/after \d+ ms/, "")] }
    expect(said.uniq.size).to eq(1)
  end

  it "looks up a definition where the app is at home: an interrupt that its code handles ends there" do
    PromptTracker::Native.configure do |c|
      c.assistants = lambda do |_|
        Timeout.timeout(0.05) { loop { 1 + 1 } }
      rescue Timeout::Error
        nil
      end
    end
    echo
    expect(texts(service.call_many(calls(2)))).to eq(["You said: Call 0", "You said: Call 1"])
  end

  # The late answer of a call that failed before it would have waited is nobody's: the batch goes on with the others.
  it "forgets a call that fails before it has looked for its answer", :child_process do
    server.answer("Late.", delay: 0.6, times: 2, assistant_id: "asst_slow")
    server.stays(assistant_id: "asst_stays")
    server.answer("Quick.", assistant_id: "asst_1")
    out = expect_clean(<<~RUBY)
      native = PromptTracker::Native
      native.load_observation
      deaf = Module.new { def wanted? = raise("deaf") }
      slow = { assistant_id: "asst_slow", prompt: "x", timeout: 0.3 }
      calls = [{ assistant_id: "asst_stays", prompt: "x", timeout: 1 }, slow, slow, { assistant_id: "asst_1", prompt: "x" }]
      seen = []
      PromptTracker::OpenaiAssistantService.call_many(calls) do |index, _|
        seen << index
        if index == 3
          native::Observation.singleton_class.prepend(deaf)
          native.send(:observe)
        end
      end
      p seen.sort
    RUBY
    expect(out).to eq("[0, 1, 2, 3]\n")
  end

  it "lets a definition's callable make calls of its own" do
    echo
    inner = nil
    PromptTracker::Native.configure do |c|
      c.assistants = lambda do |id|
        inner ||= service.call(assistant_id: "asst_inner", prompt: "Inner")[:text] if id == "asst_1"
        nil
      end
    end
    expect(texts(service.call_many(calls(2)))).to eq(["You said: Call 0", "You said: Call 1"])
    expect(inner).to eq("You said: Inner")
  end
end
