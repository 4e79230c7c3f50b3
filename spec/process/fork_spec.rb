# frozen_string_literal: true

# Processes that fork before, during and after calls.
RSpec.describe "Fork", :server, :child_process, if: Process.respond_to?(:fork) do
  # `child { … }` runs the block in a child and prints what it says; `reap` waits for all of them.
  forks = <<~RUBY
    CHILDREN = []
    def child
      CHILDREN << fork do
        puts "child: \#{yield}"
      rescue StandardError => e
        puts "child: \#{e.class}: \#{e.message}"
      end
    end
    def reap = CHILDREN.each { |pid| puts "status: \#{Process.wait2(pid)[1].exitstatus.inspect}" }
  RUBY

  before { server.answer("It is sunny.", times: :always) }

  def said(code) = expect_clean(code).lines(chomp: true).tally

  it "before any call lets both call" do
    expect(said("#{forks}child { ask[:text] }; puts ask[:text]; reap"))
      .to eq("child: It is sunny." => 1, "It is sunny." => 1, "status: 0" => 1)
  end

  it "after calls lets all call, in every flow" do
    out = said(<<~RUBY)
      #{forks}
      ask
      3.times do
        child { ask[:text] }
        child { text = +""; ask { |delta| text << delta }; text }
        child { ask(flow: :polling)[:text] }
      end
      3.times { puts ask[:text] }
      reap
    RUBY
    expect(out).to eq("child: It is sunny." => 9, "It is sunny." => 3, "status: 0" => 9)
  end

  it "gives a child connections of its own, and leaves the parent's alone" do
    PromptTracker::Native::LocalServer.start do |fresh|
      expect_clean(<<~RUBY, env: { "OPENAI_BASE_URL" => fresh.url })
        #{forks}
        ask
        child { 2.times { ask }; :done }
        reap
        2.times { ask }
      RUBY
      expect(fresh.requests.map(&:connection).tally.values).to contain_exactly(3, 2)
    end
  end

  it "during calls leaves them and lets every child call" do
    server.reset
    server.answer("It is sunny.", times: :always, delay: 0.3)
    out = said(<<~RUBY)
      #{forks}
      threads = Array.new(8) { |i| Thread.new { i.even? ? ask[:text] : ask(flow: :polling) { nil }[:text] } }
      10.times { sleep 0.02; child { ask[:text] } }
      threads.each { |thread| puts thread.value }
      reap
    RUBY
    expect(out).to eq("child: It is sunny." => 10, "It is sunny." => 8, "status: 0" => 10)
  end

  it "while connections are made and dropped all the time never hangs" do
    out = said(<<~RUBY)
      #{forks}
      done = false
      callers = Array.new(3) do
        Thread.new do
          until done
            begin
              ask(timeout: 5) { break }
            rescue StandardError => e
              puts e.message
            end
          end
        end
      end
      30.times { child { ask(timeout: 10)[:text] } }
      reap
      done = true
      callers.each(&:join)
    RUBY
    expect(out).to eq("child: It is sunny." => 30, "status: 0" => 30)
  end

  it "within a call's block ends the call in the child with an error, and not in the parent" do
    server.reset
    server.answer(deltas: ["It ", "is ", "sunny."], delay: 0.3)
    out = expect_clean(<<~RUBY)
      pid = :none
      begin
        text = ask { pid = fork if pid == :none }[:text]
        puts "parent: \#{text}" if pid
      rescue StandardError => e
        puts "child: \#{e.message}"
      end
      puts "child: \#{ask(assistant_id: 'asst_2')[:text].class}" unless pid
      exit unless pid
      puts "status: \#{Process.wait2(pid)[1].exitstatus}"
    RUBY
    lines = out.lines(chomp: true)
    expect(lines).to include("parent: It is sunny.", "child: String", "status: 0")
    expect(lines.grep(/\Achild: .*fork/).size).to eq(1)
  end

  it "lets a child that makes no call end quietly, also without at_exit blocks" do
    out = said("#{forks}ask; child { :nothing }; child { exit!(7) }; reap; puts ask[:text]")
    expect(out).to eq("child: nothing" => 1, "status: 0" => 1, "status: 7" => 1, "It is sunny." => 1)
  end

  it "lets grandchildren call" do
    out = said(<<~RUBY)
      #{forks}
      ask
      child do
        ask
        pid = fork { puts "grandchild: \#{ask[:text]}" }
        Process.wait(pid)
        ask[:text]
      end
      reap
    RUBY
    expect(out).to eq("grandchild: It is sunny." => 1, "child: It is sunny." => 1, "status: 0" => 1)
  end

  it "lets a daemon call" do
    expect(said("ask; Process.daemon(true, true); puts ask[:text]")).to eq("It is sunny." => 1)
  end

  it "to run another program leaves it none of the connections" do
    skip "no /proc here" unless File.directory?("/proc/self/fd")
    code = "puts Dir.children('/proc/self/fd').size"
    out = expect_clean(<<~RUBY)
      require "rbconfig"
      lonely = [RbConfig.ruby, "--disable-gems", "-e", #{code.inspect}]
      system(*lonely)
      Array.new(5) { Thread.new { ask } }.each(&:join)
      system(*lonely)
    RUBY
    before, after = out.lines.map(&:to_i)
    expect(after - before).to be <= 2 # older libcurls leave the pair open by which they are woken
  end
end
