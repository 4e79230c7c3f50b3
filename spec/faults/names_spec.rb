# frozen_string_literal: true

require "fileutils"
require "tmpdir"

# Host names that can't be looked up, or only slowly. libcurl looks them up in threads of its own; a library that is
# loaded before all others answers in place of the system.
RSpec.describe "Names", :server, :child_process do
  folder = File.expand_path("../../tmp/names", __dir__)
  library = File.join(folder, "names.so")

  # @return [String, nil] why it can't be built
  build = lambda do
    next "names are answered by a preloaded library, which this system has not" unless RUBY_PLATFORM.include?("linux")

    FileUtils.mkdir_p(folder)
    source = File.join(__dir__, "support/names.c")
    compiler = RbConfig::CONFIG["CC"].split.first
    built = system(compiler, "-shared", "-fPIC", "-o", library, source, "-ldl", out: File::NULL, err: File::NULL)
    "no C compiler that can build a library: #{compiler}" unless built
  end

  before(:all) do
    reason = build.call
    skip reason if reason
  end

  around do |example|
    Dir.mktmpdir do |dir|
      @log = File.join(dir, "names.log")
      example.run
    end
  end

  def expect_clean_with_names(code, slow: 5, host: "slow.test")
    env = { "LD_PRELOAD" => File.expand_path("../../tmp/names/names.so", __dir__), "PTN_SLOW_NAME" => slow.to_s,
            "PTN_NAMES_LOG" => @log, "OPENAI_BASE_URL" => server.url.sub("127.0.0.1", host), "URL" => server.url }
    expect_clean(<<~RUBY, env: env)
      require "timeout"
      def lookups = File.exist?(ENV.fetch("PTN_NAMES_LOG")) ? File.size(ENV.fetch("PTN_NAMES_LOG")) : 0
      def until_looking = (sleep 0.005 until lookups.positive?)
      def took = now.then { |start| yield; now - start }
      #{code}
    RUBY
  end

  it "that are there are looked up" do
    expect(expect_clean_with_names("puts ask[:text].class, lookups.positive?",
                                   host: "here.test")).to eq("String\ntrue\n")
  end

  it "that are not there are an error that says so, after as many attempts as are set" do
    out = expect_clean_with_names(<<~RUBY, host: "none.test")
      Kernel.singleton_class.prepend(Module.new { def sleep(_) = puts("waits") })
      begin
        ask
      rescue PromptTracker::OpenaiAssistantService::AssistantError => e
        puts e.message, e.retryable?, e.run_id.inspect
      end
    RUBY
    *waits, message, retryable, run_id = out.lines(chomp: true)
    expect(waits).to eq(%w[waits waits])
    expect(message).to match(/could not resolve the host name.*none\.test/)
    expect(message).not_to match(/may have been started/)
    expect([retryable, run_id]).to eq(%w[true nil])
  end

  {
    "Thread#kill" => "thread = Thread.new { ask }; until_looking; at = now; thread.kill.join",
    "Thread#raise" => "thread = Thread.new { ask rescue nil }; until_looking; at = now; thread.raise('x'); thread.join",
    "Timeout.timeout" => "at = now + 0.2; begin; Timeout.timeout(0.2) { ask }; rescue Timeout::Error; end",
    "Ctrl-C" => "Thread.new { until_looking; at = now; Process.kill(:INT, $$) }; begin; ask; rescue Interrupt; end",
    "the call's own timeout" => "at = now + 0.2; begin; ask(timeout: 0.2); rescue StandardError; end"
  }.each do |name, code|
    it "that are slow to come hold up no #{name}, and no other call" do
      out = expect_clean_with_names(<<~RUBY, slow: 8)
        at = nil
        #{code}
        puts "late" if now - at > 4
        PromptTracker::Native.configure { |c| c.base_url = ENV.fetch("URL") }
        puts took { puts ask[:text].class } < 4
      RUBY
      expect(out.lines(chomp: true).last(2)).to eq(%w[String true])
      expect(out).not_to include("late")
    end
  end

  it "that are slow to come hold up no other call while they are looked up" do
    out = expect_clean_with_names(<<~RUBY, slow: 1)
      slow = Array.new(4) { Thread.new { ask[:text].class } }
      until_looking
      client = PromptTracker::Native::Client.new(access_token: "sk-any-0123456789", uri_base: ENV.fetch("URL"))
      count = 0
      while slow.all?(&:alive?)
        client.models.list
        count += 1
      end
      puts slow.map(&:value).uniq, count > 3
    RUBY
    expect(out).to eq("String\ntrue\n")
  end

  it "that are slow to come hold up no exit" do
    start = now
    expect_clean_with_names("4.times { Thread.new { ask } }; until_looking", slow: 30)
    expect(now - start).to be < 15
  end

  it "that are slow to come hold up no fork, in the parent or in the child" do
    out = expect_clean_with_names(<<~RUBY, slow: 8)
      4.times { Thread.new { ask } }
      until_looking
      pids = nil
      puts took { pids = Array.new(20) { fork { PromptTracker::Native.configure { |c| c.base_url = ENV.fetch("URL") }; exit!(ask[:text] ? 0 : 1) } } } < 4
      puts pids.map { |pid| Process.wait2(pid)[1].exitstatus }.uniq
      exit!(true)
    RUBY
    expect(out).to eq("true\n0\n")
  end

  it "that are looked up while calls are cancelled by the hundred leave nothing behind" do
    out = expect_clean_with_names(<<~RUBY, slow: 0.05)
      def fds = Dir.children("/proc/self/fd").size
      PromptTracker::Native.configure { |c| c.max_retries = 0 }
      before = nil
      20.times do |round|
        threads = Array.new(10) { Thread.new { ask } }
        sleep 0.001 * round
        threads.each(&:kill).each(&:join)
        before = fds if round == 2
      end
      puts ask[:text].class
      sleep 0.3
      puts fds - before <= 12, Thread.list.size
    RUBY
    expect(out).to eq("String\ntrue\n1\n")
  end
end
