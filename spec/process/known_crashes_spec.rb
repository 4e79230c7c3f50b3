# frozen_string_literal: true

require_relative "support/stress"

# The ways in which bindings of libcurl, and of other HTTP libraries, are known to have crashed or hung their process.
# Each is done here over and over in a process of its own, which then still has to answer calls and end in order. The
# names in brackets are those under which the crashes were reported.
RSpec.describe "Known crashes", :server, :child_process do
  before do
    server.answer(times: :always, assistant_id: "asst_1", deltas: Array.new(20) { |i| "word #{i} " }, delay: 0.02)
    server.answer("It is sunny 🌞.", times: :always, assistant_id: "asst_quick")
    server.stays(times: :always, text: "It is", assistant_id: "asst_slow")
    server.calls_tool("lookup", {}, times: :always, assistant_id: "asst_tools", then_answer: ->(out) { out["lookup"] })
  end

  # Code that ends with a call, to show that all is well, after what it is given.
  def expect_survived(code, **options)
    out = expect_clean(<<~RUBY, **options)
      require "timeout"
      PromptTracker::Native.configure { |c| c.poll_interval = 0.002 }
      def quick(**more, &block) = ask(assistant_id: "asst_quick", **more, &block)[:text]
      def slow(**more, &block) = ask(assistant_id: "asst_slow", **more, &block)
      #{code}
      puts quick
    RUBY
    expect(out.lines.last).to eq("It is sunny 🌞.\n")
    out
  end

  def rounds(count) = Stress.rounds(count)

  describe "an interrupt while a transfer is being performed (curb 363)" do
    { "Timeout.timeout" => "begin; Timeout.timeout(wait) { call.call }; rescue Timeout::Error; end",
      "a Timeout.timeout with a class of its own" =>
        "begin; Timeout.timeout(wait, KeyError) { call.call }; rescue KeyError; end",
      "Thread#kill" => "thread = Thread.new { call.call }; sleep wait; thread.kill.join" }.each do |name, interrupt|
      it "is survived by #{name}, wherever it strikes" do
        expect_survived(<<~RUBY)
          calls = [-> { ask }, -> { ask { nil } }, -> { ask(flow: :polling) }, -> { slow }, -> { quick }]
          Array.new(4) do |t|
            Thread.new do
              #{rounds(50)}.times do |i|
                call = calls[(i + t) % 5]
                wait = 0.0005 + i % 25 * 0.001
                #{interrupt}
              end
            end
          end.each(&:join)
        RUBY
      end
    end
  end

  describe "a call made while another one's data is being handed over (curb 20)" do
    it "is survived from a block, three deep, in every flow" do
      expect_survived(<<~RUBY)
        inner = ->(depth) { depth.zero? ? quick : ask(flow: [nil, :polling][depth % 2]) { inner.call(depth - 1); break } }
        #{rounds(3)}.times do
          count = 0
          ask { quick; quick { nil }; quick(flow: :polling); inner.call(3) if (count += 1) < 4 }
        end
      RUBY
    end

    it "is survived from a block on other threads, on the same client" do
      expect_survived(<<~RUBY)
        service = PromptTracker::OpenaiAssistantService.new(assistant_id: "asst_1", prompt: "Hello!")
        other = PromptTracker::OpenaiAssistantService.new(assistant_id: "asst_quick", prompt: "Hello!")
        #{rounds(5)}.times { service.call { Array.new(3) { Thread.new { other.call } }.each(&:join) } }
      RUBY
    end

    it "is survived from a tool's handler" do
      expect_survived(<<~RUBY)
        #{rounds(20)}.times do
          text = ask(assistant_id: "asst_tools", tools: { "lookup" => ->(_) { quick } })[:text]
          raise text unless text == "It is sunny 🌞."
        end
      RUBY
    end

    it "is survived where the block raises, throws or jumps away" do
      expect_survived(<<~RUBY)
        def jump = ask { return 1 }
        #{rounds(50)}.times do |i|
          case i % 5
          when 0 then begin; ask { raise KeyError }; rescue KeyError; end
          when 1 then catch(:out) { ask { throw :out } }
          when 2 then jump
          when 3 then ask { break }
          when 4 then Thread.new { ask { Thread.current.kill } }.join
          end
        end
      RUBY
    end
  end

  describe "objects that are torn down as the process ends (curb 5)" do
    it "are survived in any order, with calls in flight, finalizers and a last collection" do
      expect_survived(<<~RUBY)
        ways = [-> { exit }, -> { exit!(true) }, -> { Thread.new { exit }.join },
                -> { at_exit { quick }; exit }, -> { $kept.clear; GC.start; exit }, -> { abort_quietly }]
        def abort_quietly = (Process.kill(:TERM, Process.pid); sleep)
        statuses = Array.new(#{rounds(40)}) do |i|
          pid = fork do
            $kept = Array.new(3) { PromptTracker::Native::Client.new.tap(&:transport) }
            Array.new(3) { |n| Thread.new { n.zero? ? slow(flow: :polling) : slow { nil } } }
            ObjectSpace.define_finalizer(Object.new, proc { quick })
            sleep i % 20 * 0.001
            ways[i % ways.size].call
          end
          Process.wait2(pid)[1]
        end
        odd = statuses.reject { |status| status.success? || status.termsig == Signal.list["TERM"] }
        raise odd.uniq.inspect unless odd.empty?
      RUBY
    end
  end

  describe "transfers added and performed by many threads (curb 303, 402, 440)" do
    it "are survived on one client and on many, with collections between" do
      expect_survived(<<~RUBY)
        shared = PromptTracker::OpenaiAssistantService.new(assistant_id: "asst_quick", prompt: "Hello!")
        texts = Array.new(24) do |t|
          Thread.new do
            Array.new(#{rounds(15)}) do |i|
              GC.start if (i + t) % 40 == 0
              next shared.call[:text] if i.even?

              t.even? ? quick : quick { nil }
            end.uniq
          end
        end.flat_map(&:value).uniq
        raise texts.inspect unless texts == ["It is sunny 🌞."]
      RUBY
      expect(runs_at_server.size).to eq((24 * rounds(15)) + 1)
    end

    it "are survived while the threads that made them are killed" do
      expect_survived(<<~RUBY)
        #{rounds(20)}.times do |i|
          threads = Array.new(12) { |t| Thread.new { t.even? ? ask : quick } }
          sleep i * 0.001
          threads.each(&:kill).each(&:join)
        end
      RUBY
    end
  end

  describe "a collection that moves what a transfer still reads (curb 1.2.2, 1.3.7)" do
    it "is survived by prompts, headers, blocks and ids, while they are sent and answered" do
      out = expect_survived(<<~RUBY)
        begin
          GC.compact
        rescue NotImplementedError
          nil
        else
          GC.auto_compact = true
        end
        done = false
        compactor = Thread.new { (GC.respond_to?(:compact) ? GC.compact : GC.start) until done }
        Array.new(3) do |t|
          Thread.new do
            #{rounds(8)}.times do |i|
              prompt = "word \#{t} \#{i} " * (i.even? ? 1 : 20_000)
              deltas = []
              text = ask(assistant_id: ["asst", "quick"].join("_"), prompt: prompt) { |delta| deltas << delta }[:text]
              puts "mixed up" unless deltas.join == text && text == "It is sunny 🌞."
            end
          end
        end.each(&:join)
        done = true
        compactor.join
      RUBY
      expect(out).not_to include("mixed up")
      prompts = run_requests.map { |request| request.body.dig("thread", "messages", 0, "content") }
      expected = Array.new(3) { |t| Array.new(rounds(8)) { |i| "word #{t} #{i} " * (i.even? ? 1 : 20_000) } }.flatten
      expect(prompts.map(&:hash).sort).to eq([*expected, "Hello!"].map(&:hash).sort)
    end
  end

  describe "a handle that is closed while it is being performed (curb 1.3.3)" do
    it "is survived where the client is dropped and collected under its calls" do
      expect_survived(<<~RUBY)
        #{rounds(30)}.times do |i|
          thread = Thread.new do
            client = PromptTracker::Native::Client.new
            client.transport.stream(:post, "/threads/runs", '{"assistant_id":"asst_slow","stream":true}',
                                    { "OpenAI-Beta" => "assistants=v2" }, 5) { nil }
          end
          sleep i % 10 * 0.001
          thread.kill
          thread = nil
          GC.start
        end
      RUBY
    end

    it "is survived where a call is left in a Fiber or an Enumerator that nobody resumes" do
      expect_survived(<<~RUBY)
        def begin_one
          Enumerator.new { |y| ask { |delta| y << delta } }.next
          Fiber.new { ask { |delta| Fiber.yield delta } }.resume
        end
        #{rounds(20)}.times { begin_one; GC.start }
      RUBY
    end
  end

  describe "a first use in a child of a fork (ethon 206)" do
    it "is survived where the parent has only loaded the gem, also by children at the same time" do
      expect_survived(<<~RUBY)
        pids = Array.new(#{rounds(20)}) { fork { exit!(quick == "It is sunny 🌞.") } }
        raise "a child failed" unless pids.all? { |pid| Process.wait2(pid)[1].success? }
      RUBY
    end
  end

  describe "a fork of a process that has used it, as Spring forks (ethon 91)" do
    it "is survived by parent and children, one after the other, each with calls of its own" do
      expect_survived(<<~RUBY)
        quick
        background = Thread.new { loop { ask } }
        #{rounds(20)}.times do |i|
          pid = fork do
            threads = Array.new(2) { Thread.new { quick } }
            exit!(threads.map(&:value).uniq == ["It is sunny 🌞."] && quick(flow: :polling) == "It is sunny 🌞.")
          end
          raise "child \#{i} failed" unless Process.wait2(pid)[1].success?

          quick
        end
        background.kill.join
      RUBY
    end
  end

  describe "a killed thread that stays blocked (wreq-ruby 20)" do
    it "happens at no stage of a call" do
      expect_survived(<<~RUBY)
        started = now
        #{rounds(10)}.times do |i|
          threads = Array.new(20) do |t|
            Thread.new { [-> { slow }, -> { slow { nil } }, -> { slow(flow: :polling) }, -> { ask }][t % 4].call }
          end
          sleep i * 0.002
          threads.each(&:kill)
          stuck = threads.reject { |thread| thread.join(10) }
          raise "\#{stuck.size} threads are stuck" unless stuck.empty?
        end
      RUBY
    end
  end
end
