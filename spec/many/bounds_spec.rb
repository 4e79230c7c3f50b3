# frozen_string_literal: true

require "timeout"
require_relative "support/many_calls"
require_relative "support/crowd_server"

# Ways in which a batch ends early, and what many calls leave behind.
RSpec.describe PromptTracker::Native::CallMany, :server do
  include ManyCalls

  describe "interrupted" do
    # A batch in a thread of its own, with all its calls at the server.
    def waiting_batch(size = 30, **options)
      server.stays(times: :always, text: "It is")
      thread = Thread.new do
        Thread.current.report_on_exception = false
        service.call_many(calls(size), **options)
      end
      expect(eventually { run_requests.size == size }).to be(true)
      thread
    end

    def expect_to_work
      server.reset
      expect(texts(service.call_many(calls(3)))).to all(be_a(String))
    end

    it "ends with Thread#kill" do
      expect(waiting_batch.kill.join(5)).not_to be_nil
      expect_to_work
    end

    it "loses none that comes while it ends" do
      ending = Queue.new
      slow = Class.new(PromptTracker::OpenaiAssistantService) do
        define_method(:call) do
          super()
        ensure
          ending << true
          20_000.times { |n| n.to_s.hash }
        end
      end
      server.stays(times: :always)
      heard = Thread.new do
        begun = Enumerator.new { |all| calls(10).each { |call| all << call } && throw(:enough) }
        catch(:enough) { slow.call_many(begun) }
        sleep 5
        "lost"
      rescue IndexError
        "heard"
      end
      ending.pop
      heard.raise(IndexError)
      expect(heard.value).to eq("heard")
    end

    it "ends with Thread#raise, and the exception is no call's" do
      [IOError, RuntimeError].each do |error|
        server.reset
        thread = waiting_batch
        thread.raise(error, "enough")
        expect { thread.join(5) }.to raise_error(error, "enough")
      end
      expect_to_work
    end

    it "ends with Timeout.timeout, also while answers keep coming" do
      echo
      read = []
      limit = proc { Timeout.timeout(0.5) { service.call_many(endless(read), concurrency: 20) { nil } } }
      expect(&limit).to raise_error(Timeout::Error)
      expect(read.size).to be > 20
      expect_to_work
    end

    it "ends with an exception in the block, which is the block's own" do
      echo
      mine = KeyError.new("mine")
      expect { service.call_many(calls(10)) { raise mine } }.to raise_error(KeyError) { |e| expect(e).to be(mine) }
      expect_to_work
    end

    it "leaves the runs at the server alone, or cancels them where the setting says so" do
      waiting_batch.kill.join(5)
      sleep 0.1
      expect(request_lines).not_to include(end_with("/cancel"))
      server.reset
      PromptTracker::Native.configure { |c| c.cancel_on_interrupt = true }
      thread = waiting_batch
      sleep 0.2 # the runs' ids have come
      thread.kill.join(5)
      expect(eventually { request_lines.count { |line| line.end_with?("/cancel") } == 30 }).to be(true)
    end

    it "ends with Ctrl-C", :child_process do
      server.stays(times: :always)
      outcome = run_child(<<~RUBY) { |pid, out| out.gets.tap { sleep 0.3 } && Process.kill(:INT, pid) && "" }
        puts "ready"
        begin
          PromptTracker::OpenaiAssistantService.call_many(Array.new(20) { { assistant_id: "asst_1", prompt: "x" } })
        rescue Interrupt
          puts "interrupted"
        end
      RUBY
      expect(outcome.out).to eq("interrupted\n")
      expect(outcome).to be_clean
    end

    it "leaves nothing to a child that is forked meanwhile", :child_process, if: Process.respond_to?(:fork) do
      out = expect_clean(<<~RUBY)
        calls = Array.new(10) { { assistant_id: "asst_1", prompt: "x" } }
        service = PromptTracker::OpenaiAssistantService
        count = 0
        service.call_many(calls) do
          count += 1
          Process.wait(fork { puts service.call_many(calls).count { |result| result[:text] } }) if count == 1
        end
        puts count
      RUBY
      expect(out).to eq("10\n10\n")
    end
  end

  describe "many calls", :child_process, if: File.directory?("/proc/self/fd") do
    # 100,000 with PTN_MANY_CALLS=100000.
    count = Integer(ENV.fetch("PTN_MANY_CALLS", "10000"))

    it "leave memory and descriptors as they were after the first tenth of #{count}" do
      CrowdServer.start do |crowd|
        ENV["OPENAI_BASE_URL"] = crowd.url
        out = expect_clean(<<~RUBY, limit: 600)
          def resident = File.read("/proc/self/status")[/VmRSS:\\s+(\\d+)/, 1].to_i
          def fds = Dir.children("/proc/self/fd").size
          early = nil
          done = 0
          calls = #{count}.times.lazy.map { |i| { assistant_id: "asst_1", prompt: "Call \#{i}" } }
          good = 0
          PromptTracker::OpenaiAssistantService.call_many(calls, concurrency: 50) do |_, result|
            good += 1 if result.is_a?(Hash)
            early = [resident, fds] if (done += 1) == #{count / 10}
          end
          late = [resident, fds]
          p good, late[0] - early[0], late[1] - early[1]
        RUBY
        good, kilobytes, fds = out.split.map(&:to_i)
        expect(good).to eq(count)
        expect(kilobytes).to be < 16_384
        expect(fds).to be <= 2
        expect(crowd.peak).to be <= 50
      end
    end
  end
end
