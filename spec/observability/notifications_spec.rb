# frozen_string_literal: true

require_relative "support"

# Events of ActiveSupport::Notifications.
RSpec.describe "Events", :server, :child_process, :observability do
  active_support = "require \"active_support\"\nrequire \"active_support/notifications\"\n"
  keep = <<~RUBY
    events = []
    ActiveSupport::Notifications.subscribe(/prompt_tracker_native/) { |event| events << event }
    shown = -> { puts JSON.generate(events.map { |e| { name: e.name, ms: e.duration, **e.payload } }) }
  RUBY

  it "tell of a call and its request" do
    request, call = in_app("#{keep} ask; shown.call", before: active_support)
    expect(request).to include(
      "name" => "request.prompt_tracker_native", "method" => "post", "path" => "/threads/runs", "status" => 200,
      "attempts" => 1, "stream" => true, "request_id" => /\Areq_/, "response_model" => "gpt-4o",
      "host" => server.url[%r{//([^/]+)}, 1], "scheme" => "http", "duration" => be_a(Float),
      "usage" => { "prompt_tokens" => 22, "completion_tokens" => 31, "total_tokens" => 53 }
    )
    expect(call).to include(
      "name" => "call.prompt_tracker_native", "operation" => "assistant", "api" => "assistants",
      "assistant_id" => "asst_1", "requests" => 1, "attempts" => 1, "run_status" => "completed", "status" => 200,
      "request_id" => request["request_id"], "thread_id" => /\Athread_/, "run_id" => /\Arun_/, "model" => "gpt-4o",
      "usage" => request["usage"]
    )
    expect(call.keys).not_to include("prompt", "text", "error")
  end

  it "tell of a retry before its wait: attempt, wait and reason" do
    server.fails_with(429, times: 2, headers: { "retry-after-ms" => "10" })
    *, first, second, request, call = in_app("#{keep} ask; shown.call", before: active_support)
    expect(first).to include("name" => "retry.prompt_tracker_native", "attempt" => 1, "wait" => 0.01, "status" => 429,
                             "reason" => "the server limits the rate of requests", "path" => "/threads/runs",
                             "error" => "PromptTracker::Native::HTTPError")
    expect(second).to include("name" => "retry.prompt_tracker_native", "attempt" => 2)
    expect(request).to include("attempts" => 3, "status" => 200)
    expect(call).to include("attempts" => 3, "requests" => 1)
  end

  it "tell of an error by its class, and of the ids that are known" do
    server.ends_with("failed")
    call = in_app("#{keep} ask rescue nil; shown.call", before: active_support).last
    expect(call).to include("error" => "PromptTracker::OpenaiAssistantService::AssistantError", "run_id" => /\Arun_/,
                            "thread_id" => /\Athread_/)
    expect(call["exception"].first).to eq("PromptTracker::OpenaiAssistantService::AssistantError")
  end

  it "tell of a server that can't be reached" do
    dead = { "OPENAI_BASE_URL" => "http://127.0.0.1:9/v1" }
    code = "PromptTracker::Native.configure { |c| c.max_retries = 0 }; #{keep} ask rescue nil; shown.call"
    request, call = in_app(code, before: active_support, env: dead)
    expect(request).to include("error" => "PromptTracker::Native::ConnectionError", "attempts" => 1)
    expect([request, call]).to all(satisfy { |event| !event.key?("status") })
  end

  it "count the requests of the polling flow, and name each" do
    *requests, call = in_app("#{keep} ask(flow: :polling); shown.call", before: active_support)
    expect(requests.map { |event| "#{event["method"]} #{event["path"].gsub(%r{/(thread|run)_\w+}, "/{}")}" })
      .to eq(["post /threads", "post /threads/{}/messages", "post /threads/{}/runs", "get /threads/{}/runs/{}",
              "get /threads/{}/messages", "get /threads/{}/runs/{}"])
    expect(call).to include("requests" => 6, "attempts" => 6)
  end

  it "tell of a definition's model before anything was answered" do
    server.fails_with(400)
    code = <<~RUBY
      PromptTracker::Native.configure { |c| c.assistants = { asst_1: { model: "gpt-4.1", name: "Ann" } } }
      #{keep}
      ask rescue nil
      shown.call
    RUBY
    request, call = in_app(code, before: active_support)
    expect(request).to include("path" => "/responses", "model" => "gpt-4.1")
    expect(call).to include("api" => "responses", "model" => "gpt-4.1", "assistant_name" => "Ann")
  end

  it "tell of chat, streamed too, and of a client's own requests" do
    code = <<~RUBY
      #{keep}
      chat = { provider: "openai", model: "gpt-4o", prompt: "Hello!" }
      PromptTracker::LlmClientService.call(**chat)
      PromptTracker::LlmClientService.call(**chat) { |text| }
      PromptTracker::Native::Client.new.chat(parameters: { model: "gpt-4o", messages: [{ role: "user", content: "Hi" }] })
      shown.call
    RUBY
    events = in_app(code, before: active_support)
    expect(events.map { |event| event["name"][/\w+/] }).to eq(%w[request call request call request])
    expect(events).to all(include("model" => "gpt-4o", "usage" => include("total_tokens" => be_positive)))
    expect(events[1]).to include("operation" => "chat", "provider" => "openai", "response_id" => /\Achatcmpl/)
  end

  it "hold prompt and text only where the setting asks for them" do
    code = "PromptTracker::Native.configure { |c| c.capture_content = true }; #{keep} ask; shown.call"
    call = in_app(code, before: active_support).last
    expect(call).to include("prompt" => "Hello!", "text" => /Hello/)
  end

  it "come whatever is loaded first" do
    code = "#{active_support} #{keep} ask; shown.call"
    expect(in_app(code).map { |event| event["name"][/\w+/] }).to eq(%w[request call])
  end

  it "are sent by each thread for its own call, and by nested calls for theirs" do
    server.calls_tool("inner", {})
    code = <<~RUBY
      #{keep}
      inner = nil
      tools = { "inner" => ->(_) { inner = ask[:raw][:run_id]; "x" } }
      outer = ask(tools: tools)[:raw][:run_id]
      4.times.map { Thread.new { ask } }.each(&:join)
      calls = events.select { |e| e.name.start_with?("call") }.map(&:payload)
      puts JSON.generate(calls.map { |c| [c[:run_id] == inner, c[:run_id] == outer, c[:requests]] })
    RUBY
    expect(in_app(code, before: active_support))
      .to eq([[true, false, 1], [false, true, 2], *([[false, false, 1]] * 4)])
  end

  it "are those of each call of call_many" do
    server.fails_with(503, times: 2, headers: { "retry-after-ms" => "1" })
    code = <<~RUBY
      #{keep}
      calls = Array.new(6) { |i| { assistant_id: "asst_\#{i}", prompt: "Hello!" } }
      results = PromptTracker::OpenaiAssistantService.call_many(calls, concurrency: 3)
      ended = events.select { |e| e.name.start_with?("call") }.to_h { |e| [e.payload[:assistant_id], e.payload] }
      puts JSON.generate(
        same: results.map { |r| ended[r[:model]][:run_id] == r[:raw][:run_id] }, requests: ended.values.map { |c| c[:requests] },
        attempts: ended.values.sum { |c| c[:attempts] }, names: events.map(&:name).tally, left: Thread.current.keys
      )
    RUBY
    expect(in_app(code, before: active_support)).to include(
      "same" => [true] * 6, "requests" => [1] * 6, "attempts" => 8,
      "names" => { "call.prompt_tracker_native" => 6, "request.prompt_tracker_native" => 6,
                   "retry.prompt_tracker_native" => 2 }
    )
  end

  it "are those of each call in Fibers under a scheduler" do
    server.answer(delay: 0.1, times: 6)
    code = <<~RUBY
      #{keep}
      require "async"
      ActiveSupport::Notifications.instrumenter # loads more, which a Fiber under async can not on Ruby 3.1
      ids = []
      Sync do |task|
        6.times.map { task.async { ids << ask[:raw][:run_id] } }.each(&:wait)
      end
      calls = events.select { |e| e.name.start_with?("call") }.map(&:payload)
      puts JSON.generate([calls.map { |c| c[:run_id] }.sort == ids.sort, calls.map { |c| c[:requests] }])
    RUBY
    expect(in_app(code, before: active_support)).to eq([true, [1] * 6])
  end

  it "leave a call as it is where its block breaks out, and say so" do
    code = <<~RUBY
      #{keep}
      def leave = ask { |text| return text }
      left = leave
      puts JSON.generate([left, events.map { |e| e.payload[:abandoned] }])
    RUBY
    left, abandoned = in_app(code, before: active_support)
    expect(left).to be_a(String)
    expect(abandoned).to eq([true, true])
  end

  it "hold together while the collector runs at every turn, streamed and in call_many" do
    code = <<~RUBY
      #{keep}
      ask
      GC.stress = 5 # young objects, at each allocation and each malloc
      ask { |text| text.size }
      PromptTracker::OpenaiAssistantService.call_many([{ assistant_id: "asst_2", prompt: "Hello!" }] * 2)
      GC.stress = false
      shown.call
    RUBY
    calls = in_app(code, before: active_support).select { |event| event["name"].start_with?("call") }
    expect(calls.map { |call| call["run_status"] }).to eq(["completed"] * 4)
    expect(calls.map { |call| call["usage"] }.uniq).to eq([calls.first["usage"]])
  end

  it "of a subscriber that fails are what ActiveSupport makes of it, and the gem goes on" do
    code = <<~RUBY
      failing = ActiveSupport::Notifications.subscribe("request.prompt_tracker_native") { raise IndexError, "mine" }
      raised = begin
        ask
      rescue StandardError => e
        e.class.name
      end
      ActiveSupport::Notifications.unsubscribe(failing)
      by_itself = begin
        other = ActiveSupport::Notifications.subscribe("x") { raise IndexError, "mine" }
        ActiveSupport::Notifications.instrument("x") { 1 }
      rescue StandardError => e
        e.class.name
      end
      puts JSON.generate([raised == by_itself, ask[:text].class.name])
    RUBY
    expect(in_app(code, before: active_support)).to eq([true, "String"])
  end
end

RSpec.describe "Without listeners", :server, :child_process, :observability do
  count = <<~RUBY
    counted = lambda do
      GC.disable
      Array.new(30) do
        before = GC.stat(:total_allocated_objects)
        ask
        GC.stat(:total_allocated_objects) - before
      end.min
    end
  RUBY

  it "a call allocates no more where ActiveSupport is loaded, and more with a subscriber" do
    without, with, heard = in_app(<<~RUBY)
      #{count}
      without = counted.call
      require "active_support"
      require "active_support/notifications"
      with = counted.call
      ActiveSupport::Notifications.subscribe("call.prompt_tracker_native") { |event| event }
      puts JSON.generate([without, with, counted.call])
    RUBY
    expect(with).to eq(without)
    expect(heard).to be > without
  end

  it "nothing of it in Ruby is called" do
    calls = in_app(<<~RUBY)
      seen = []
      trace = TracePoint.new(:call) { |point| seen << point.path if point.path.include?("observation") }
      trace.enable { ask }
      puts JSON.generate(seen)
    RUBY
    expect(calls).to eq([])
  end
end
