# frozen_string_literal: true

require_relative "../support/flows"
require_relative "support/many_calls"
require_relative "support/crowd_server"

RSpec.describe PromptTracker::Native::CallMany, :server do
  include ManyCalls
  include ResponsesAtServer

  ways = { "streamed" => [{}, false], "polling" => [{ flow: :polling }, false], "on Responses" => [{}, true] }

  ways.each do |name, (options, responses)|
    describe name do
      before do
        PromptTracker::Native.configure { |c| c.poll_interval = 0.005 }
        define_assistant if responses
      end

      # The call that takes longest.
      def slow = { assistant_id: "asst_slow", prompt: "x", metadata: { "assistant_id" => "asst_slow" } }

      it "gives the results in the order of the calls, whichever ends first" do
        server.answer("Slow.", delay: 0.3, assistant_id: "asst_slow")
        echo
        list = calls(12, **options)
        list[0] = { **list[0], **slow }
        results = service.call_many(list)
        expect(texts(results)).to eq(["Slow.", *Array.new(11) { |i| "You said: Call #{i + 1}" }])
      end

      it "yields each with its index, as they finish" do
        server.answer("Slow.", delay: 0.5, assistant_id: "asst_slow")
        echo
        seen = []
        list = calls(6, **options)
        list[2] = { **list[2], **slow }
        expect(service.call_many(list) { |index, result| seen << [index, result[:text]] }).to eq(6)
        expect(seen.map(&:first)).to match_array(0..5)
        expect(seen.last).to eq([2, "Slow."])
      end

      it "has no more in flight than it is told, and as many" do
        echo(delay: 0.05)
        read = []
        in_flight = []
        done = 0
        service.call_many(endless(read, **options).take(20), concurrency: 4) do
          in_flight << (read.size - done)
          done += 1
        end
        expect(in_flight.max).to eq(4)
        expect(read.size).to eq(20)
      end
    end
  end

  it "has a thousand in flight at once" do
    CrowdServer.start(hold: 1000) do |crowd|
      ENV["OPENAI_BASE_URL"] = crowd.url
      expect(texts(service.call_many(calls(1000), concurrency: 1000))).to eq(["Yes."] * 1000)
      expect(crowd.peak).to eq(1000)
      expect(crowd.requests).to eq(1000)
    end
  end

  it "waits on one descriptor and in one thread, whatever the number of calls", :child_process do
    server.stays(times: :always)
    out = expect_clean(<<~RUBY)
      def waiting_on = Dir.children("/proc/self/fd").count { |fd| File.readlink("/proc/self/fd/\#{fd}").include?("eventfd") rescue false }
      calls = Array.new(50) { |i| { assistant_id: "asst_1", prompt: "Call \#{i}", timeout: 1 } }
      counts = Thread.new { sleep 0.5; [waiting_on, Thread.list.size] }
      PromptTracker::OpenaiAssistantService.call_many(calls, concurrency: 50)
      p(*counts.value)
    RUBY
    # one is Ruby's own, one the engine's
    expect(out.split.map(&:to_i).zip([3, 2])).to all(satisfy { |count, most| count <= most })
  end

  describe "what it reads" do
    before { echo }

    it "is never more than what it has a place for" do
      read = []
      ahead = []
      done = 0
      service.call_many(endless(read).take(30), concurrency: 3) { ahead << (read.size - (done += 1)) }
      expect(ahead.max).to be <= 2 # besides the one that has just finished
    end

    it "may have no end" do
      read = []
      found = service.call_many(endless(read), concurrency: 5) { |index, result| break result if index == 20 }
      expect(found[:text]).to eq("You said: Call 20")
      expect(read.size).to be < 20 + 10
    end

    it "may be an Enumerator, a Set, or anything with each" do
      each = Object.new
      def each.each = 3.times { |i| yield({ assistant_id: "asst_1", prompt: "Call #{i}" }) }
      [calls(3).each, calls(3).to_set, calls(3).lazy, each].each do |source|
        expect(texts(service.call_many(source))).to eq(["You said: Call 0", "You said: Call 1", "You said: Call 2"])
      end
    end

    it "may be empty" do
      expect(service.call_many([])).to eq([])
      expect(service.call_many([]) { raise "never" }).to eq(0)
    end

    it "may raise, which ends all" do
      server.stays(times: :always)
      source = Enumerator.new do |yielder|
        calls(3).each { |call| yielder << call }
        raise IOError, "the file is gone"
      end
      expect { service.call_many(source) }.to raise_error(IOError, "the file is gone")
    end

    it "come from `each` alone, one after the other, while the batch lasts" do
      echo
      kept = nil
      source = Enumerator.new { |yielder| (kept = yielder) << calls(1).first }
      giving = -> { kept << calls(1).first }
      expect { service.call_many(source) { giving.call } }.to raise_error(RuntimeError, /not waiting for one/)
      expect { giving.call }.to raise_error(RuntimeError, /not waiting for one/)
    end

    it "come from the calling thread alone" do
      source = Object.new
      def source.each(&block)
        Thread.new { block.call({}) }.tap { |thread| thread.report_on_exception = false }.join
      end
      expect { service.call_many(source) }.to raise_error(ThreadError, /on another thread/)
    end
  end

  it "leaves a Fiber alone that somebody else goes on with when all is over" do
    echo
    fiber = result = nil
    wayward = Class.new(service) do
      define_method(:call) do
        fiber = Fiber.current
        2.times { Fiber.yield }
        result = super()
      end
    end
    expect { wayward.call_many(calls(1)) }.to raise_error(RuntimeError, /a Fiber that is not its own/)
    fiber.resume
    expect(texts([result])).to eq(["You said: Call 0"])
  end

  describe "a call that fails" do
    before do
      server.ends_with("failed", last_error: { code: "c", message: "Bad." }, times: :always, assistant_id: "asst_bad")
      echo(assistant_id: "asst_1")
    end

    it "has its error for a result, and the others go on" do
      results = service.call_many([*calls(2), { assistant_id: "asst_bad", prompt: "No" }, *calls(2)])
      expect(results[2]).to be_a(service::AssistantError).and have_attributes(message: "Assistant run failed: Bad.")
      expect(results[2].run_id).to start_with("run_")
      expect(texts(results.values_at(0, 1, 3, 4))).to all(start_with("You said: Call"))
    end

    it "is also one that can't be made" do
      results = service.call_many([7, {}, { assistant_id: "asst_1", prompt: "x", colour: 1 },
                                   { "assistant_id" => "asst_1", "prompt" => "x" },
                                   { assistant_id: "asst_1", prompt: "" }, *calls(1)])
      expect(results[0..4]).to all(be_an(ArgumentError))
      expect(results[0..3].map(&:message)).to match(
        [/Hash of its keywords.*not Integer/, /missing keywords: :assistant_id, :prompt/, /unknown keywords: colour/,
         /must be Symbols, not "assistant_id": give call.transform_keys\(&:to_sym\)/]
      )
      expect(results[5][:text]).to eq("You said: Call 0")
    end

    it "has no key" do
      ENV.delete("OPENAI_API_KEY")
      expect(service.call_many(calls(2)).map(&:message)).to eq(["OPENAI_API_KEY environment variable not set"] * 2)
    end

    it "took longer than its own time, or that of all" do
      server.reset
      server.stays(times: :always)
      own = { assistant_id: "asst_1", prompt: "x", timeout: 0.2 }
      results = service.call_many([own, *calls(2)], timeout: 0.4)
      expect(results.map(&:message)).to eq(["Assistant run timed out after 0.2 seconds",
                                            *["Assistant run timed out after 0.4 seconds"] * 2])
    end

    describe "with on_error: :raise" do
      it "is raised" do
        bad = { assistant_id: "asst_bad", prompt: "No" }
        expect { service.call_many([*calls(2), bad], on_error: :raise) }
          .to raise_error(service::AssistantError, "Assistant run failed: Bad.")
      end

      it "ends the others, at the server too" do
        server.reset
        server.stays(times: 5)
        server.ends_with("failed", delay: 1) # the ids of the others have come by then
        expect { service.call_many(calls(6), on_error: :raise) }.to raise_error(service::AssistantError)
        expect(eventually { request_lines.count { |line| line.end_with?("/cancel") } == 5 }).to be(true)
      end

      it "reads no more calls" do
        read = []
        bad = endless(read).map { |call| { **call, assistant_id: "asst_bad" } }
        expect { service.call_many(bad, concurrency: 2, on_error: :raise) }.to raise_error(service::AssistantError)
        expect(read.size).to be <= 2
      end
    end
  end

  { calls: [nil, 7, "asst_1", { assistant_id: "asst_1", prompt: "x" }], concurrency: [0, -1, 1.5, nil, "9", 10_001],
    timeout: [0, -1, "soon", Float::NAN], on_error: [nil, :ignore, true] }.each do |name, values|
    values.each do |value|
      it "refuses #{value.inspect} for #{name}" do
        given = name == :calls ? [value, {}] : [[], { name => value }]
        expect do
          service.call_many(given[0], **given[1])
        end.to raise_error(ArgumentError, /#{name == :calls ? "Enumerable" : name}/)
      end
    end
  end

  describe "tools" do
    it "are called on the calling thread and in its Fiber" do
      3.times { server.calls_tool("lookup", {}, then_answer: ->(out) { out["lookup"] }) }
      Thread.current[:whose] = "mine"
      lookup = ->(_) { "#{Thread.current[:whose]} #{Fiber.current.equal?(home)}" }
      define_singleton_method(:home) { @home ||= Fiber.current }
      home
      results = service.call_many(calls(3, tools: { "lookup" => lookup }))
      expect(texts(results)).to eq(["mine true"] * 3)
    ensure
      Thread.current[:whose] = nil
    end

    it "may make calls, also many" do
      server.calls_tool("lookup", {}, then_answer: ->(out) { out["lookup"] }, assistant_id: "asst_tools", times: 3)
      echo
      lookup = ->(_) { [*service.call_many(calls(2)), service.call(**calls(1)[0])].map { |r| r[:text] }.join(", ") }
      list = calls(3).map { |call| { **call, assistant_id: "asst_tools", tools: { "lookup" => lookup } } }
      expect(texts(service.call_many(list))).to eq(["You said: Call 0, You said: Call 1, You said: Call 0"] * 3)
    end

    it "that fail fail their own call" do
      server.calls_tool("lookup", {}, assistant_id: "asst_tools")
      echo
      lookup = ->(_) { raise KeyError, "nothing there" }
      tool_call = { assistant_id: "asst_tools", prompt: "x", tools: { lookup: lookup } }
      results = service.call_many([tool_call, *calls(1)])
      expect(results[0].message).to include("handler of the tool \"lookup\" failed: nothing there")
      expect(results[0].cause).to be_a(KeyError)
      expect(results[1][:text]).to eq("You said: Call 0")
    end

    it "may throw past everything" do
      server.stays(times: 2)
      server.calls_tool("lookup", {})
      tools = { "lookup" => ->(_) { throw :enough, "thrown" } }
      expect(catch(:enough) { service.call_many(calls(3, tools: tools)) }).to eq("thrown")
    end
  end

  it "waits for retries without holding the others up" do
    server.fails_with(503, on: ->(request) { request.body.to_s.include?("Call 0") }, headers: { "retry-after" => "1" })
    echo
    order = []
    service.call_many(calls(5)) { |index, _| order << index }
    expect(order.last).to eq(0)
    expect(order).to match_array(0..4)
  end

  it "looks the definition of an assistant up once" do
    ids = []
    PromptTracker::Native.configure do |c|
      c.assistants = lambda do |id|
        ids << id
        { model: "gpt-4o" }
      end
    end
    service.call_many([*calls(3), { assistant_id: "asst_2", prompt: "x" }])
    expect(ids).to eq(%w[asst_1 asst_2])
  end

  it "is open to stubs of call, and to subclasses" do
    allow(service).to receive(:call).and_return({ text: "stubbed" })
    expect(texts(service.call_many(calls(2)))).to eq(%w[stubbed stubbed])
    expect(service).to have_received(:call).with(assistant_id: "asst_1", prompt: "Call 1")
    loud = Class.new(service) { def call = super.tap { |result| result[:text] = result[:text].upcase } }
    allow(loud).to receive(:call).and_call_original
    echo
    expect(texts(loud.call_many(calls(2)))).to eq(["YOU SAID: CALL 0", "YOU SAID: CALL 1"])
  end

  describe PromptTracker::LlmClientService do
    before { PromptTracker::Native.configure { |c| c.chat = :native } }

    it "makes chats and assistants' calls side by side" do
      CrowdServer.start(hold: 2) do |crowd|
        ENV["OPENAI_BASE_URL"] = crowd.url
        described_class.call_many([{ provider: "openai", model: "gpt-4o", prompt: "x" },
                                   { provider: "openai", model: "asst_1", prompt: "x" }])
        expect(crowd.peak).to eq(2)
      end
    end

    it "gives each its result, or its error" do
      echo
      results = described_class.call_many([{ provider: "openai", model: "gpt-4o", prompt: "a" },
                                           { provider: "openai_assistants", model: "asst_1", prompt: "b" },
                                           { provider: "unheard_of", model: "m", prompt: "c" }])
      expect(texts(results[0..1])).to eq(["You said: a", "You said: b"])
      expect(results[2]).to be_a(described_class::UnsupportedProviderError)
    end

    it "runs chats of ruby_llm on the calling Fiber, one after the other" do
      PromptTracker::Native.configure { |c| c.chat = :ruby_llm }
      fibers = []
      reply = Struct.new(:content, :input_tokens, :output_tokens, :model_id).new("hi", 1, 2, "m")
      chat = Object.new
      chat.define_singleton_method(:with_temperature) { |_| self }
      chat.define_singleton_method(:ask) { |_| (fibers << Fiber.current) && reply }
      stub_const("RubyLLM", Module.new { define_singleton_method(:chat) { |**| chat } })
      results = described_class.call_many(Array.new(3) { { provider: "openai", model: "gpt-4o", prompt: "a" } })
      expect(texts(results)).to eq(%w[hi hi hi])
      expect(fibers.uniq).to eq([Fiber.current])
    end
  end
end
