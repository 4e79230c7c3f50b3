# frozen_string_literal: true

WAYS.each do |name, prepare|
  RSpec.describe "stub_assistant, #{name}" do
    let(:way) { prepare.call(PromptTracker::Native.configuration) }

    def ask(prompt = "Hello!", **more, &block) = super(prompt, **way, **more, &block)

    it "answers, with the usage that was given" do
      stub_assistant("asst_1").to_answer("It is sunny.", usage: { prompt_tokens: 9, completion_tokens: 4 })
      expect(ask).to include(text: "It is sunny.", model: "asst_1",
                             usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 })
    end

    it "answers by what is asked" do
      stub_assistant("asst_1").to_answer(&:upcase)
      expect(ask("Hello!")[:text]).to eq("HELLO!")
    end

    it "answers without being told what" do
      stub_assistant("asst_1")
      expect(ask[:text]).to be_a(String)
    end

    it "gives a block the pieces" do
      stub_assistant("asst_1").to_stream("It is ", "sunny.")
      pieces = []
      expect(ask { |piece| pieces << piece }[:text]).to eq("It is sunny.")
      expect(pieces.join).to eq("It is sunny.")
      expect(pieces).to eq(["It is ", "sunny."]) unless way[:flow]
    end

    it "fails as a run" do
      stub_assistant("asst_1").to_fail("Out of credit", code: "rate_limit_exceeded")
      expect { ask }.to raise_error(Asking::AssistantError, /\AAssistant run failed: Out of credit/) { |e| expect(e.code).to eq("rate_limit_exceeded") }
    end

    it "fails as a request" do
      stub_assistant("asst_1").to_fail("Slow down", status: 429, code: "rate_limit",
                                                    headers: { "x-request-id" => "req_1" })
      expect do
        ask
      end.to raise_error(Asking::AssistantError, /\AFailed to run assistant: Slow down \(HTTP 429, request req_1\)/)
      expect(PromptTracker).to have_asked_assistant("asst_1").once
    end

    it "is asked again after a failure where max_retries says so" do
      PromptTracker::Native.configure { |c| c.max_retries = 2 }
      stub_assistant("asst_1").to_fail(status: 503).then.to_answer("Here I am.")
      expect(ask[:text]).to eq("Here I am.")
      expect(PromptTracker).to have_asked_assistant("asst_1").twice
    end

    it "runs out of time at once" do
      stub_assistant("asst_1").to_time_out
      expect { ask(timeout: 3600) }.to raise_error(Asking::AssistantError, "Assistant run timed out after 3600 seconds")
    end

    it "ends otherwise" do
      stub_assistant("asst_1").to_end(:cancelled).then.to_end(:incomplete, text: "It is")
      expect { ask }.to raise_error(Asking::AssistantError, "Assistant run was cancelled")
      expect(ask[:text]).to eq("It is")
    end

    it "calls tools, and answers" do
      stub_assistant("asst_1").to_call_tool("get_weather", { city: "Berlin" })
                              .then.to_call_tool("get_weather", { city: "Paris" })
                              .then.to_answer("Both are sunny.", usage: { prompt_tokens: 1, completion_tokens: 2 })
                              .then.to_answer("Not again.")
      cities = []
      weather = ->(arguments) { cities << arguments["city"] and "sunny" }
      result = ask(tools: { "get_weather" => weather })
      expect(result[:text]).to eq("Both are sunny.")
      expect(result[:usage][:total_tokens]).to eq(3)
      expect(cities).to eq(%w[Berlin Paris])
      expect(ask[:text]).to eq("Not again.")
      expect(PromptTracker).to have_asked_assistant("asst_1").twice
    end

    it "calls a tool, and says what it returned where nothing else is said" do
      stub_assistant("asst_1").to_call_tool("get_weather", { city: "Berlin" })
      expect(ask(tools: { "get_weather" => ->(_) { "21 degrees" } })[:text]).to include("21 degrees")
    end

    it "fails after a tool" do
      stub_assistant("asst_1").to_call_tool(:get_weather).then.to_fail("No weather today")
      expect do
        ask(tools: { "get_weather" => lambda { |_|
          ""
        } })
      end.to raise_error(Asking::AssistantError, /No weather today/)
    end

    it "calls a tool that the call has no handler for" do
      stub_assistant("asst_1").to_call_tool("get_weather")
      expect { ask }.to raise_error(Asking::AssistantError, "Assistant requires action (tool calls not yet supported)")
    end

    it "goes on to the next outcome with each call, and stays at the last" do
      stub_assistant("asst_1").to_answer("one").times(2).then.to_answer("two")
      expect(Array.new(4) { ask[:text] }).to eq(%w[one one two two])
    end

    it "keeps assistants apart" do
      stub_assistant("asst_1").to_answer("one")
      stub_assistant("asst_2").to_answer("two")
      expect([ask(assistant: "asst_2"), ask].map { |result| result[:text] }).to eq(%w[two one])
    end

    it "fails clearly where another assistant is asked, whatever the app rescues" do
      stub_assistant("asst_1").to_answer("one")
      app = -> { ask(assistant: "asst_9") rescue nil } # rubocop:disable Style/RescueModifier
      error = PromptTracker::Native::RSpecHelpers::UnstubbedAssistantError
      expect(&app).to raise_error(error, /asst_9 was asked, .* stubs only asst_1\. .*stub_assistant\("asst_9"\)/m)
    end

    it "goes through LlmClientService" do
      stub_assistant("asst_1").to_answer("Hi!")
      result = PromptTracker::LlmClientService.call(provider: "openai_assistants", model: "asst_1", prompt: "Hello!")
      expect(result[:text]).to eq("Hi!")
      expect(PromptTracker).to have_asked_assistant("asst_1").with("Hello!").once
    end

    it "answers many threads" do
      stub_assistant("asst_1").to_answer(&:reverse)
      texts = Array.new(20) { |n| Thread.new { ask("prompt #{n}")[:text] } }.map(&:value)
      expect(texts).to eq(Array.new(20) { |n| "prompt #{n}".reverse })
      expect(PromptTracker).to have_asked_assistant("asst_1").times(20)
    end

    it "answers a batch" do
      stub_assistant("asst_1").to_answer(&:reverse)
      stub_assistant("asst_2").to_fail("Out of credit")
      calls = Array.new(10) { |n| { assistant_id: "asst_1", prompt: "prompt #{n}", **way } }
      results = PromptTracker::OpenaiAssistantService.call_many([*calls, { **calls.first, assistant_id: "asst_2" }])
      expect(results.first(10).map { |result| result[:text] }).to eq(calls.map { |call| call[:prompt].reverse })
      expect(results.last).to be_a(Asking::AssistantError).and have_attributes(message: /Out of credit/)
      expect(PromptTracker).to have_asked_assistant("asst_1").times(10)
    end

    it "needs no key, and leaves none behind" do
      expect(ENV.key?("OPENAI_API_KEY")).to be(false)
      stub_assistant("asst_1")
      ask
    end

    it "opens no socket" do
      stub_assistant("asst_1").to_answer("Hi!")
      before = NoSockets.opened
      descriptors = lambda {
        Dir.children("/proc/self/fd").count do |fd|
          File.readlink("/proc/self/fd/#{fd}").start_with?("socket:")
        rescue StandardError
          false
        end
      }
      at_first = descriptors.call if File.directory?("/proc/self/fd")
      ask
      expect(NoSockets.opened).to eq(before)
      expect(descriptors.call).to eq(at_first) if at_first
    end

    it "knows the threads that the app has" do
      thread = prepare == WAYS["streamed"] || prepare == WAYS["polled"] ? "thread_kept" : "conv_kept"
      stub_assistant("asst_1").to_answer("Go on.")
      expect(ask(thread_id: thread)).to include(text: "Go on.", raw: include(thread_id: thread))
    end
  end
end

RSpec.describe "stub_assistant" do
  it "takes the place of an earlier stub" do
    stub_assistant("asst_1").to_answer("one")
    stub_assistant("asst_1").to_answer("two")
    expect(ask[:text]).to eq("two")
  end

  it "goes on from a response that the app has" do
    PromptTracker::Native.configure { |c| c.assistants = { "asst_1" => { model: "gpt-4o" } } }
    stub_assistant("asst_1").to_answer("Go on.")
    first = ask(thread_id: "resp_kept")
    expect(ask(thread_id: first[:raw][:thread_id])[:text]).to eq("Go on.")
  end

  it "answers code that drives the client by hand" do
    stub_assistant("asst_1").to_answer("By hand.")
    client = PromptTracker::Native::Client.new(access_token: "any")
    thread = client.threads.create["id"]
    client.messages.create(thread_id: thread, parameters: { role: "user", content: "Hello!" })
    run = client.runs.create(thread_id: thread, parameters: { assistant_id: "asst_1" })
    expect(client.runs.retrieve(thread_id: thread, id: run["id"])["status"]).to eq("completed")
    expect(client.messages.list(thread_id: thread).dig("data", 0, "content", 0, "text", "value")).to eq("By hand.")
    expect(PromptTracker).to have_asked_assistant("asst_1").with("Hello!").once
  end

  it "answers the same code on the Responses wire" do
    PromptTracker::Native.configure { |c| c.assistants = { "asst_1" => { model: "gpt-4o", instructions: "Be short." } } }
    stub_assistant("asst_1").to_answer("By hand.")
    client = PromptTracker::Native::Client.new(access_token: "any")
    thread = client.threads.create["id"]
    client.messages.create(thread_id: thread, parameters: { role: "user", content: "Hello!" })
    client.runs.create(thread_id: thread, parameters: { assistant_id: "asst_1" })
    expect(client.messages.list(thread_id: thread).dig("data", 0, "content", 0, "text", "value")).to eq("By hand.")
    expect(PromptTracker).to have_asked_assistant("asst_1").once
  end

  it "refuses what is no id, and times without anything before it" do
    expect { stub_assistant(nil) }.to raise_error(ArgumentError, /needs an assistant's id/)
    expect { stub_assistant("asst_1").to_fail(status: 200) }.to raise_error(ArgumentError, /from 400 to 599/)
    expect { stub_assistant("asst_1").to_end(:soon) }.to raise_error(ArgumentError, /:cancelled, :expired or/)
    expect { have_asked_assistant(nil) }.to raise_error(ArgumentError, /needs an assistant's id/)
    expect { have_asked_assistant("asst_1").times(-1) }.to raise_error(ArgumentError, /whole number from 0 on/)
    expect { stub_assistant("asst_1").times(2) }.to raise_error(ArgumentError, /needs something before it/)
  end

  it "is over with its example" do
    expect(PromptTracker::Native::RSpecHelpers.assistants.questions).to be_empty
    expect(ENV.key?("OPENAI_API_KEY")).to be(false)
    expect { ask }.to raise_error(Asking::AssistantError, /environment variable not set/)
  end
end
