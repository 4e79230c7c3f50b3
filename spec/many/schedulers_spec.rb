# frozen_string_literal: true

require "net/http"
require "open3"
require "rbconfig"
require_relative "support/many_calls"
require_relative "support/crowd_server"

# Calls from Fibers under a scheduler, all on one thread. Nothing is expected inside of it: RSpec loads its matchers on
# demand, and the newest async for Ruby 3.1 can't read files there.
RSpec.describe "Fiber schedulers", :server do
  include ManyCalls

  before { require "async" }

  # A server that answers no one before so many have asked.
  def with_crowd(size)
    CrowdServer.start(hold: size) do |crowd|
      ENV["OPENAI_BASE_URL"] = crowd.url
      yield crowd
    end
  end

  it "have 1,000 calls in flight at once" do
    with_crowd(1000) do |crowd|
      results = Sync { |task| calls(1000).map { |call| task.async { service.call(**call) } }.map(&:wait) }
      expect(texts(results)).to eq(["Yes."] * 1000)
      expect(crowd.peak).to eq(1000)
    end
  end

  it "let other tasks run while call_many waits" do
    with_crowd(51) do |crowd|
      results = Sync do |task|
        many = task.async { service.call_many(calls(50), concurrency: 50) }
        one = task.async { service.call(**calls(1).first) } # without it, none is answered
        [*many.wait, one.wait]
      end
      expect(texts(results)).to eq(["Yes."] * 51)
      expect(crowd.peak).to eq(51)
    end
  end

  it "let several batches wait side by side, each in a task" do
    with_crowd(60) do
      results = Sync { |task| Array.new(3) { task.async { service.call_many(calls(20)) } }.flat_map(&:wait) }
      expect(texts(results)).to eq(["Yes."] * 60)
    end
  end

  it "can stop a batch" do
    with_crowd(1000) do |crowd|
      status = Sync do |task|
        many = task.async { service.call_many(calls(20)) }
        sleep 0.01 until crowd.requests == 20
        many.stop
        many.wait
        many.status
      end
      expect(%i[stopped cancelled]).to include(status) # the newer async has the second word
    end
    with_server
    expect(ask[:text]).to be_a(String)
  end

  it "run the handlers of tools in the task that called" do
    server.calls_tool("lookup", {}, then_answer: ->(out) { out["lookup"] })
    lookup = ->(_) { sleep(0.01) && Async::Task.current?.inspect[/Task/] }
    results = Sync { service.call_many(calls(1, tools: { "lookup" => lookup })) }
    expect(texts(results)).to eq(["Task"])
  end

  describe "Falcon" do
    # A process of its own, with an app that makes as many calls as it is told to, in two ways.
    app = <<~RUBY
      require "async/http/endpoint"
      require "async"
      require "falcon"
      require "prompt_tracker/native"
      service = PromptTracker::OpenaiAssistantService
      call = { assistant_id: "asst_1", prompt: "Hello!" }
      app = lambda do |env|
        count = env["QUERY_STRING"].to_i
        results = case env["PATH_INFO"]
                  when "/many" then service.call_many(Array.new(count) { call })
                  else Array.new(count) { Async { service.call(**call) } }.map(&:wait)
                  end
        [200, { "content-type" => "text/plain" }, [results.map { |result| result[:text] }.tally.inspect]]
      end
      endpoint = Async::HTTP::Endpoint.parse("http://127.0.0.1:\#{ARGV.fetch(0)}")
      Sync do
        server = Falcon::Server.new(Falcon::Server.middleware(app), endpoint).run
        $stdout.puts "ready"
        $stdout.flush
        Async(transient: true) { $stdin.read; exit! }
        server.wait
      end
    RUBY

    it "serves requests that make many calls at once" do
      with_crowd(120) do |crowd|
        port = TCPServer.open("127.0.0.1", 0) { |free| free.addr[1] }
        command = [RbConfig.ruby, "-W0", "-I", ChildProcess::LIB, "-e", app, port.to_s]
        Open3.popen3({ "CONSOLE_LEVEL" => "fatal" }, *command) do |input, output, errors, process|
          expect(output.gets).to eq("ready\n"), -> { errors.read }
          get = ->(path) { Thread.new { Net::HTTP.get(URI("http://127.0.0.1:#{port}#{path}")) } }
          answers = ["/each?40", "/many?40", "/many?40"].map(&get).map(&:value)
          expect(answers).to eq([{ "Yes." => 40 }.inspect] * 3)
          expect(crowd.peak).to eq(120)
        ensure
          input.close
          process.join(10) || Process.kill(:KILL, process.pid)
        end
      end
    end
  end
end

RSpec.describe "Ractors" do
  entries = {
    "OpenaiAssistantService.call" => lambda {
      PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_1", prompt: "x")
    },
    "call_many" => -> { PromptTracker::OpenaiAssistantService.call_many([]) },
    "LlmClientService.call" => -> { PromptTracker::LlmClientService.call(provider: "openai", model: "m", prompt: "x") },
    "Client.new" => -> { PromptTracker::Native::Client.new(access_token: "x") }
  }

  entries.each do |name, entry|
    it "are told what to do by #{name}" do
      warned = Warning[:experimental]
      Warning[:experimental] = false
      shareable = Ractor.make_shareable(nil.instance_exec { entry })
      ractor = Ractor.new(shareable) do |work|
        work.call
      rescue StandardError => e
        [e.class.name, e.message]
      end
      expect(ractor.respond_to?(:value) ? ractor.value : ractor.take)
        .to match(["Ractor::UnsafeError", /main Ractor only: make the call there and send its result/])
    ensure
      Warning[:experimental] = warned
    end
  end
end
