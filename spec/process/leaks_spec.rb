# frozen_string_literal: true

# What 500 calls leave behind: nothing.
RSpec.describe "Descriptors and threads", :server, :child_process, if: File.directory?("/proc/self/fd") do
  measure = <<~RUBY
    def fds = Dir.children("/proc/self/fd").size
    def engines = Dir["/proc/self/task/*/comm"].count { |path| File.read(path).start_with?("prompt_tracker") }
  RUBY

  before do
    server.ends_with("failed", times: :always, assistant_id: "asst_bad")
    server.stays(times: :always, assistant_id: "asst_slow")
  end

  it "are as many after 500 calls as after 20" do
    out = expect_clean(<<~RUBY)
      #{measure}
      20.times { |i| i.even? ? ask : ask { nil } }
      before = fds
      500.times { |i| i.even? ? ask : ask { nil } }
      p fds - before, engines, Thread.list.size
    RUBY
    fds, *threads = out.split.map(&:to_i)
    expect(fds).to be <= 2 # the engine may still hold the last call's descriptor when the next one takes another
    expect(threads).to eq([1, 1])
  end

  it "do not wait for the collector" do
    out = expect_clean(<<~RUBY)
      #{measure}
      PromptTracker::Native.configure { |c| c.poll_interval = 0.005 }
      GC.disable
      20.times { ask }
      before = fds
      100.times do
        ask
        ask { break }
        ask(flow: :polling)
        begin; ask(assistant_id: "asst_bad"); rescue StandardError; nil; end
        begin; ask(temperature: "hot"); rescue StandardError; nil; end
      end
      p fds - before
    RUBY
    expect(out.to_i).to be <= 3 # a descriptor to wait on more, until the engine has let go of it
  end

  it "are as many after calls of every kind of end" do
    out = expect_clean(<<~RUBY)
      #{measure}
      PromptTracker::Native.configure { |c| c.poll_interval = 0.005 }
      round = lambda do |_|
        ask
        ask { break }
        ask(flow: :polling)
        begin; ask(assistant_id: "asst_bad"); rescue StandardError; nil; end
        begin; ask(temperature: "hot"); rescue StandardError; nil; end
        begin; ask(prompt: ""); rescue ArgumentError; nil; end
        begin; ask(assistant_id: "asst_slow", timeout: 0.01); rescue StandardError; nil; end
        thread = Thread.new { ask(assistant_id: "asst_slow") }
        sleep 0.01
        thread.kill.join
      end
      settle = lambda do
        GC.start
        sleep 0.3
        fds
      end
      5.times(&round)
      before = settle.call
      30.times(&round)
      p settle.call - before, engines, Thread.list.size
    RUBY
    expect(out.lines.first.to_i).to be <= 2 # connections that a late end has not closed yet
    expect(out.split.last(2)).to eq(%w[1 1])
  end

  it "are few where 100 threads have called at once" do
    out = expect_clean(<<~RUBY)
      #{measure}
      ask
      before = fds
      Array.new(100) { Thread.new { ask } }.each(&:join)
      20.times { ask }
      p engines, fds - before
    RUBY
    engines, fds = out.split.map(&:to_i)
    expect(engines).to eq(1)
    expect(fds).to be <= 200 # a descriptor to wait on and a warm connection for each
  end

  it "that run out are an error that says so, and calls work again when there are some" do
    out = expect_clean(<<~RUBY)
      ask(assistant_id: "asst_2")
      require "socket"
      Process.setrlimit(:NOFILE, 64)
      hoard = []
      begin
        loop { hoard << File.open(File::NULL) }
      rescue Errno::EMFILE
        nil
      end
      begin
        Array.new(4) { Thread.new { Thread.current.report_on_exception = false; ask(assistant_id: "asst_2", timeout: 5) } }.each(&:join)
      rescue StandardError => e
        puts e.class, e.message
      end
      hoard.each(&:close)
      puts ask(assistant_id: "asst_2")[:text].class
    RUBY
    expect(out).to match(/ulimit -n/)
    expect(out.lines.first).to eq("PromptTracker::OpenaiAssistantService::AssistantError\n")
    expect(out.lines.last).to eq("String\n")
  end
end
