# frozen_string_literal: true

# Ctrl-C in a process of its own.
RSpec.describe "Signals", :server, :child_process do
  calls = { "a streamed call" => "ask", "a call with a block" => "ask { nil }",
            "a polling call" => "ask(flow: :polling)" }

  calls.each do |name, call|
    it "end #{name} within 100 ms by Ctrl-C, and the next call works" do
      server.stays(times: 5, assistant_id: "asst_1")
      out = expect_clean(<<~RUBY)
        times = Array.new(5) do
          sent = nil
          Thread.new { sleep 0.15; sent = now; Process.kill(:INT, Process.pid) }
          begin
            #{call}
          rescue Interrupt
            now - sent
          end
        end
        puts times.min, times.max, ask(assistant_id: "asst_2")[:text].class
      RUBY
      best, worst, answer = out.split
      expect(best.to_f).to be < 0.1
      expect(worst.to_f).to be < 1
      expect(answer).to eq("String")
    end

    it "end the process with Ctrl-C in #{name}" do
      server.stays
      outcome = run_child("puts :ready; #{call}") do |pid, output|
        output.gets.tap do
          eventually { run_requests.any? }
          Process.kill(:INT, pid)
        end
      end
      expect(outcome.status.termsig).to eq(Signal.list["INT"]), outcome.to_s
      expect(outcome.err).to match(/Interrupt/).and match(/in `?.*call/)
    end
  end

  it "cancel the run at the server before the process is gone, where the setting says so" do
    server.stays(times: 5, text: "It is")
    5.times do |i|
      outcome = run_child(<<~RUBY) do |pid, output|
        PromptTracker::Native.configure { |c| c.cancel_on_interrupt = true }
        ask { $stdout.write("known\n") }
      RUBY
        output.gets # a delta follows the run's id
        Process.kill(:INT, pid)
        output.read
      end
      expect(outcome.status.termsig).to eq(Signal.list["INT"]), outcome.to_s
      expect(request_lines.count { |line| line.end_with?("/cancel") }).to eq(i + 1)
    end
  end

  it "are handled by the app's own traps while a call waits, which then goes on" do
    server.answer("It is sunny.", delay: 0.6)
    out = expect_clean(<<~RUBY)
      trap(:USR1) { puts "trapped" }
      Thread.new { sleep 0.2; Process.kill(:USR1, Process.pid) }
      puts ask[:text]
    RUBY
    expect(out).to eq("trapped\nIt is sunny.\n")
  end

  it "may make a trap raise out of a call" do
    server.stays
    out = expect_clean(<<~RUBY)
      trap(:TERM) { raise "told to stop" }
      Thread.new { sleep 0.2; Process.kill(:TERM, Process.pid) }
      begin
        ask
      rescue RuntimeError => e
        puts e.message, ask(assistant_id: "asst_2")[:text].class
      end
    RUBY
    expect(out).to eq("told to stop\nString\n")
  end

  it "do not make a call give up early" do
    server.answer("It is sunny.", delay: 0.5)
    out = expect_clean(<<~RUBY)
      trap(:USR1) { nil }
      signals = Thread.new { 200.times { Process.kill(:USR1, Process.pid); sleep 0.002 } }
      puts ask { nil }[:text]
      signals.join
    RUBY
    expect(out).to eq("It is sunny.\n")
  end
end
