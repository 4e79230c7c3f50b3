# frozen_string_literal: true

require "timeout"
require_relative "../support/flows"

# A call that is interrupted ends at once, and the next one works.
RSpec.describe PromptTracker::OpenaiAssistantService, "interrupted", :server do
  # Lets a call begin in a thread of its own and returns it when the server has its request.
  def waiting_call(**options, &block)
    server.stays(text: "It is")
    thread = Thread.new do
      Thread.current.report_on_exception = false
      ask(**options, &block)
    end
    expect(eventually { run_requests.any? }).to be(true)
    thread
  end

  def expect_to_work
    server.reset
    expect(ask[:text]).to be_a(String)
    expect(ask { nil }[:text]).to be_a(String)
  end

  flows = { "streamed" => [{}, nil], "streamed, with a block" => [{}, ->(_) {}],
            "polling" => [{ flow: :polling }, nil] }

  flows.each do |name, (options, block)|
    describe name do
      it "ends with Thread#kill" do
        thread = waiting_call(**options, &block)
        took = seconds { expect(thread.kill.join(5)).to be(thread) }
        expect(took).to be_at_once
        expect_to_work
      end

      it "ends with Thread#raise" do
        thread = waiting_call(**options, &block)
        took = seconds do
          thread.raise(IOError, "enough")
          expect { thread.join(5) }.to raise_error(IOError, "enough")
        end
        expect(took).to be_at_once
        expect_to_work
      end

      it "ends with Timeout.timeout" do
        server.stays
        took = seconds do
          expect { Timeout.timeout(0.2) { ask(**options, &block) } }.to raise_error(Timeout::Error)
        end
        expect(took).to be_at_once.and(be >= 0.2)
        expect_to_work
      end

      it "ends for many threads at once" do
        server.stays(times: :always)
        threads = Array.new(30) { Thread.new { ask(**options, &block) } }
        eventually { run_requests.size == 30 }
        took = seconds { threads.each(&:kill).each { |thread| thread.join(5) } }
        expect(threads).not_to include(be_alive)
        expect(took).to be_at_once
        expect_to_work
      end

      it "leaves the run at the server alone" do
        waiting_call(**options, &block).kill.join(5)
        sleep 0.1
        expect(request_lines).not_to include(end_with("/cancel"))
      end

      it "cancels the run at the server where the setting says so" do
        PromptTracker::Native.configure { |c| c.cancel_on_interrupt = true }
        thread = waiting_call(**options, &block)
        sleep 0.5 # the run's id has come
        took = seconds { thread.kill.join(5) }
        expect(took).to be_at_once
        expect(eventually { request_lines.last&.end_with?("/cancel") }).to be(true)
        expect(eventually { runs_at_server.first.tap(&:advance).status == "cancelled" }).to be(true)
      end
    end
  end

  it "ends while it waits for its next attempt" do
    server.fails_with(503, on: "POST /threads/runs", headers: { "retry-after" => "30" })
    thread = Thread.new { ask }
    eventually { run_requests.any? }
    sleep 0.05
    expect(seconds { thread.kill.join(5) }).to be_at_once
    expect_to_work
  end

  describe "from its block" do
    before { server.answer(deltas: Array.new(50) { |i| "#{i} " }, delay: 0.5) }

    it "ends with break" do
      expect(ask { |delta| break delta }).to eq("0 ")
      expect_to_work
    end

    it "ends with throw" do
      expect(catch(:enough) { ask { |delta| throw :enough, delta } }).to eq("0 ")
      expect_to_work
    end

    it "ends with raise, and the exception is the block's own" do
      mine = KeyError.new("mine")
      expect { ask { raise mine } }.to raise_error(KeyError) { |raised| expect(raised).to be(mine) }
      expect_to_work
    end

    it "ends with exceptions that are no StandardErrors" do
      expect { ask { raise NotImplementedError, "mine" } }.to raise_error(NotImplementedError, "mine")
      expect { ask { exit 3 } }.to raise_error(SystemExit)
      expect_to_work
    end

    it "passes on even the gem's own errors" do
      mine = PromptTracker::Native::AnswerError.new("mine")
      expect { ask { raise mine } }.to raise_error(StandardError, /mine/)
      expect_to_work
    end

    it "ends with return from the method around it" do
      def first_delta = ask { |delta| return delta }

      expect(first_delta).to eq("0 ")
      expect_to_work
    end

    it "ends with next only for one delta" do
      count = 0
      expect(ask { (count += 1) && next }[:text]).to start_with("0 1 ")
      expect(count).to be > 1
    end

    it "may make other calls" do
      inner = []
      result = ask { inner << ask(prompt: "Another")[:text] if inner.size < 2 }
      expect(result[:text]).to start_with("0 1 2 ")
      expect(inner).to all(include("Another"))
    end

    it "may be slower than the server" do
      deltas = []
      text = ask { |delta| sleep(0.02) && (deltas << delta) }[:text]
      expect(deltas.join).to eq(text)
    end

    it "may be an Enumerator that nobody reads to its end" do
      enumerator = Enumerator.new { |yielder| ask { |delta| yielder << delta } }
      expect(enumerator.next).to eq("0 ")
      enumerator = nil # rubocop:disable Lint/UselessAssignment
      GC.start
      expect_to_work
    end
  end
end
