# frozen_string_literal: true

require "io/wait"
require_relative "support/silent_listener"
require_relative "support/stress"

# Interrupts of every kind at every stage of a call, by the hundred: no crash, nothing left behind, the engine goes on.
RSpec.describe "An interrupt", :server, :child_process, if: RUBY_PLATFORM.include?("linux") do
  # Where calls go, and what they are, so that they never get past that stage.
  stages = {
    "connecting" => %w[full ask],
    "shaking hands (TLS)" => %w[secure ask],
    "sending" => ["silent", "ask(prompt: LARGE)"],
    "waiting for an answer" => %w[silent ask],
    "streaming" => %w[local ask],
    "streaming to a block" => ["local", "ask { nil }"],
    "polling" => ["local", "ask(flow: :polling)"],
    "waiting for the next attempt" => %w[busy ask]
  }

  # The code of a process that can interrupt `call`, and then tells what it has left.
  helpers = <<~RUBY
    require "timeout"
    LARGE = "x" * (1 << 20)
    Thread.report_on_exception = false
    PromptTracker::Native.configure { |c| c.poll_interval = 0.002 }
    def fds = Dir.children("/proc/self/fd").size
    def elsewhere(url)
      before = PromptTracker::Native.configuration.base_url
      PromptTracker::Native.configure { |c| c.base_url = url }
      yield
    ensure
      PromptTracker::Native.configure { |c| c.base_url = before }
    end
    def well = elsewhere(ENV.fetch("WELL")) { ask(assistant_id: "asst_quick")[:text] }

    def quietly(count)
      Array.new(count) { Thread.new { yield } }
    end

    def join(threads)
      threads.each { |thread| thread.join(20) || raise("a thread is stuck") rescue ($!.message == "mine" or raise) }
    end

    INTERRUPTS = {
      kill: ->(wait, count) { quietly(count) { call }.tap { sleep wait }.each(&:kill).then { |all| join(all) } },
      raise: ->(wait, count) { quietly(count) { call }.tap { sleep wait }.each { |t| t.raise("mine") }.then { |all| join(all) } },
      timeout: lambda do |wait, count|
        join(quietly(count) { begin; Timeout.timeout(wait + 0.0005) { call }; rescue Timeout::Error; nil; end })
      end,
      signal: lambda do |wait, _|
        Thread.new { sleep wait; Process.kill(:INT, Process.pid) }
        begin
          call
        rescue Interrupt
          nil
        end
      end
    }
    def interrupt(rounds, count, kinds = INTERRUPTS.keys)
      kinds.each { |kind| (kind == :signal ? rounds * 2 : rounds).times { |i| INTERRUPTS[kind].call(i % 16 * 0.001, count) } }
    end

    # Warm connections and descriptors to wait on are kept for as many calls as there were at a time, and no more.
    def settled(before)
      limit = before + 40
      400.times { break if fds <= limit && Thread.list.size <= 2; sleep 0.02 }
      puts fds <= limit || fds, Thread.list.size <= 2 # the second is Timeout's own
    end
  RUBY

  before do
    server.stays(times: :always, text: "It is", assistant_id: "asst_1")
    server.answer("It is sunny 🌞.", times: :always, assistant_id: "asst_quick")
  end

  around do |example|
    @listeners = { "full" => SilentListener.new(full: true), "silent" => SilentListener.new }
    example.run
  ensure
    @listeners.each_value(&:stop)
  end

  def url_of(place)
    case place
    when "full", "silent" then "http://127.0.0.1:#{@listeners[place].port}/v1"
    when "secure" then "https://127.0.0.1:#{@listeners["silent"].port}/v1"
    else server.url
    end
  end

  define_method(:expect_all_well) do |place, call, code|
    if place == "busy"
      server.fails_with(503, times: :always, headers: { "retry-after" => "30" },
                             on: ->(request) { request.body.is_a?(Hash) && request.body["assistant_id"] == "asst_1" })
    end
    out = expect_clean(<<~RUBY, env: { "OPENAI_BASE_URL" => url_of(place), "WELL" => server.url })
      #{helpers}
      def call = #{call}
      well
      INTERRUPTS.each_value { |interrupt| interrupt.call(0.005, 10) }
      well
      before = fds
      #{code}
      puts well
      settled(before)
    RUBY
    expect(out).to eq("It is sunny 🌞.\ntrue\ntrue\n")
  end

  stages.each do |stage, (place, call)|
    describe "while #{stage}" do
      it "by Thread#kill, Thread#raise, Timeout.timeout and Ctrl-C leaves nothing behind" do
        expect_all_well(place, call, "interrupt(#{Stress.rounds(12)}, 8)")
      end

      it "is survived while the collector runs all the time" do
        expect_all_well(place, call, <<~RUBY)
          GC.stress = 5
          interrupt(#{Stress.rounds(1)}, 2)
          GC.stress = false
        RUBY
      end

      it "by exit in another thread ends the process at once" do
        out = expect_clean(<<~RUBY, env: { "OPENAI_BASE_URL" => url_of(place), "WELL" => server.url })
          #{helpers}
          def call = #{call}
          well
          statuses = Array.new(#{Stress.rounds(10)}) do |i|
            pid = fork do
              Thread.new { sleep i % 10 * 0.002; exit(7) }
              call
            end
            Process.wait2(pid)[1]
          end
          puts statuses.map(&:exitstatus).uniq.inspect
        RUBY
        expect(out).to eq("[7]\n")
      end
    end
  end

  # Ruby swallows what Thread#raise and Timeout.timeout raise inside of `defined?(::A::B)`.
  it "can't get lost where the gem's code asks for a constant" do
    lib = File.expand_path("../../lib/prompt_tracker/native", __dir__)
    nested = Dir.glob("#{lib}/**/*.rb").select do |file|
      File.read(file, encoding: "UTF-8").match?(/^[^#\n]*defined\?\s*\(?\s*(::)?[A-Z]\w*::/)
    end
    expect(nested).to eq([])
  end

  it "that comes out of the block leaves nothing behind, whatever it is" do
    expect_all_well("local", "ask { nil }", <<~RUBY)
      def jump = ask { return }
      #{Stress.rounds(30)}.times do
        ask { break }
        jump
        catch(:out) { ask { throw :out } }
        begin; ask { raise "mine" }; rescue RuntimeError; nil; end
        begin; ask { exit }; rescue SystemExit; nil; end
        Thread.new { ask { Thread.current.kill } }.join
        Thread.new { ask { Thread.exit } }.join
        begin; Timeout.timeout(0.01) { ask { sleep } }; rescue Timeout::Error; nil; end
      end
    RUBY
  end

  # Each call has had a first delta, so that its run is known.
  cancelled = <<~RUBY
    PromptTracker::Native.configure do |c|
      c.cancel_on_interrupt = true
      c.background = true
      c.assistants = { "asst_known" => { model: "gpt-4o" } }
    end
    #{Stress.rounds(8)}.times do |i|
      begun = Queue.new
      threads = quietly(8) { first = true; call { begun << true if first; first = false } }
      8.times { begun.pop }
      threads.each { |thread| i.even? ? thread.kill : thread.raise("mine") }.then { |all| join(all) }
    end
  RUBY

  { "run" => ["asst_1", :runs], "response in the background" => ["asst_known", :responses] }.each do |what, (id, list)|
    it "cancels every #{what} at the server that was known, where the setting says so" do
      server.reset
      server.stays(times: :always, text: "It is")
      statuses = -> { server.public_send(list).map { |one| one["status"] } }
      expect_clean(<<~RUBY, env: { "WELL" => server.url }) do |pid, output|
        #{helpers}
        def call(&block) = ask(assistant_id: #{id.inspect}, &block)
        trap(:TERM) { exit!(true) }
        #{cancelled}
        puts :done
        sleep 30
      RUBY
        said = output.gets
        eventually(limit: 10) { statuses.call.uniq == ["cancelled"] }
        said.tap { Process.kill(:TERM, pid) }
      end
      expect(statuses.call.tally).to eq("cancelled" => Stress.rounds(8) * 8)
    end
  end
end
