# frozen_string_literal: true

require_relative "support/classic"

# Servers without conversations, or that keep nothing: the history is held here.
RSpec.describe PromptTracker::Native::Client, "with threads that are held here", :server, :classic do
  http_error = PromptTracker::Native::HTTPError
  classic = PromptTracker::Native::Client::Classic

  { "has no conversations" => [:no_conversations, {}], "keeps nothing" => [:no_store, { store: false }],
    "keeps nothing, and background is asked for" => [:no_store, { store: false, background: true }] }
    .each do |what, (quirk, settings)|
      context "when the server #{what}" do
        before do
          server.quirk(:after_shutdown)
          server.quirk(quirk)
          define_assistant(**settings)
        end

        it "answers, with the history in each request" do
          server.answer("Paris.")
          server.answer("Rome.")
          thread = client.threads.create["id"]
          expect(thread).to start_with("conv_local_")
          runs = ["Capital of France?", "And of Italy?"].map do |text|
            client.messages.create(thread_id: thread, parameters: { role: "user", content: text })
            poll(start(thread))
          end
          expect(runs.map { |run| run["status"] }).to eq(%w[completed completed])
          expect(last_body).to include(
            "store" => false,
            "input" => [{ "type" => "message", "role" => "user", "content" => "Capital of France?" },
                        { "type" => "message", "role" => "assistant", "content" => "Paris." },
                        { "type" => "message", "role" => "user", "content" => "And of Italy?" }]
          )
          expect(last_body.keys).not_to include("background", "conversation", "previous_response_id")
          newest = messages(thread).first
          expect(texts([newest])).to eq(["Rome."])
          expect(newest).to include("run_id" => runs[1]["id"], "assistant_id" => Classic::ASSISTANT)
          expect(texts(messages(thread,
                                order: "asc"))).to eq(["Capital of France?", "Paris.", "And of Italy?", "Rome."])
          expect(texts(messages(thread, run_id: runs[0]["id"]))).to eq(["Paris."])
        end

        it "asks for responses only, once each" do
          thread = thread_with("Hello!")
          run = start(thread)
          look(run)
          messages(thread)
          client.run_steps.list(thread_id: thread, run_id: run["id"])
          client.threads.retrieve(id: thread)
          expect(lines - ["POST /conversations"]).to eq(["POST /responses"])
        end

        it "calls functions" do
          server.calls_tool("get_weather", { city: "Berlin" }, then_answer: "It is sunny.")
          run = start(thread_with("Weather?"))
          expect(look(run)["status"]).to eq("requires_action")
          expect(submit(run)).to include("id" => run["id"], "status" => "completed")
          expect(last_body["input"].map { |item| item["type"] }).to eq(%w[message function_call function_call_output])
          expect(texts(messages(run["thread_id"])).first).to eq("It is sunny.")
          steps = client.run_steps.list(thread_id: run["thread_id"], run_id: run["id"])["data"]
          expect(steps.map { |step| step["status"] }).to eq(%w[completed completed])
          start(run["thread_id"])
          expect(last_body["input"].size).to eq(4)
        end

        it "streams" do
          server.answer("It is sunny.")
          thread = thread_with("Weather?")
          events = events { |taker| start(thread, stream: taker) }
          expect(events.map(&:first)).to include("thread.run.created", "thread.message.delta", "thread.run.completed")
          expect(look(events.last[1])).to eq(events.last[1])
          expect(texts(messages(thread)).first).to eq("It is sunny.")
        end

        it "cancels a run that waits for outputs" do
          server.calls_tool("get_weather")
          run = start(thread_with("Weather?"))
          expect(client.runs.cancel(thread_id: run["thread_id"], id: run["id"])["status"]).to eq("cancelled")
          expect(start(run["thread_id"])["status"]).to eq("completed")
        end

        it "can't cancel one that is over" do
          run = start(thread_with("Hello!"))
          expect { client.runs.cancel(thread_id: run["thread_id"], id: run["id"]) }
            .to raise_error(PromptTracker::Native::UnsupportedError, /runs are over/)
        end

        it "keeps nothing of a response that failed" do
          server.ends_with("failed", text: "It")
          thread = thread_with("Hello!")
          expect(start(thread)["status"]).to eq("failed")
          expect(texts(messages(thread))).to eq(["Hello!"])
        end

        it "keeps nothing of a request that failed" do
          server.fails_with(400, on: "POST /responses")
          thread = thread_with("Hello!")
          expect { start(thread, additional_messages: [{ role: "user", content: "More" }]) }.to raise_error(http_error)
          expect(texts(messages(thread))).to eq(["Hello!"])
        end

        it "names the run whose stream broke" do
          server.breaks_stream(after: "response.output_text.delta")
          thread = thread_with("Hello!")
          error = failure_of { events { |taker| start(thread, stream: taker) } }
          expect(error).to have_attributes(class: be <= PromptTracker::Native::Error, thread_id: thread,
                                           run_id: /\Aresp_/)
        end

        it "reads, changes and deletes threads and messages" do
          thread = client.threads.create(parameters: { metadata: { a: "b" } })
          expect(client.threads.retrieve(id: thread["id"])).to eq(thread)
          expect(client.threads.modify(id: thread["id"], parameters: { metadata: {} })["metadata"]).to eq({})
          message = client.messages.create(thread_id: thread["id"], parameters: { role: "user", content: "Hello!" })
          expect(client.messages.retrieve(thread_id: thread["id"], id: message["id"])).to eq(message)
          client.messages.delete(thread_id: thread["id"], id: message["id"])
          expect(messages(thread["id"])).to eq([])
          expect { client.messages.retrieve(thread_id: thread["id"], id: message["id"]) }
            .to raise_error(http_error) { |e| expect(e.status).to eq(404) }
          client.threads.delete(id: thread["id"])
          expect { client.threads.retrieve(id: thread["id"]) }.to raise_error(http_error, /No thread found/)
        end

        it "runs in a thread of its own" do
          run = client.runs.create_thread_and_run(
            parameters: { assistant_id: Classic::ASSISTANT, thread: { messages: [{ role: "user", content: "Hello!" }] } }
          )
          expect(run).to include("status" => "completed", "thread_id" => /\Aconv_local_/)
        end

        it "says in another process that it is held elsewhere" do
          thread = thread_with("Hello!")
          in_another_process
          expect { start(thread) }.to raise_error(http_error, /held by the process that made it/) { |e|
            expect(e.status).to eq(404)
          }
        end

        it "has the same shapes", if: Classic::Schemas.missing.nil? do
          server.calls_tool("get_weather", {}, then_answer: "It is sunny.")
          run = start(thread_with("Weather?"))
          expect_shape("RunObject", run)
          expect_shape("RunObject", submit(run))
          expect_shape("ThreadObject", client.threads.retrieve(id: run["thread_id"]))
          messages(run["thread_id"]).each { |message| expect_shape("MessageObject", message) }
          client.run_steps.list(thread_id: run["thread_id"], run_id: run["id"])["data"]
                .each { |step| expect_shape("RunStepObject", step) }
        end
      end
    end

  it "passes on what a server without conversations can't mean" do
    define_assistant
    [401, 400, 500].each do |status|
      server.fails_with(status, on: "POST /conversations", times: 3)
      expect { client.threads.create }.to raise_error(http_error) { |e| expect(e.status).to eq(status) }
      server.reset
    end
  end

  it "sends to a server that has lost its conversations no more than that" do
    define_assistant
    server.quirk(:no_conversations, status: 501)
    expect(client.threads.create["id"]).to start_with("conv_local_")
  end

  it "gives the answer of a response that the server did not keep" do
    define_assistant
    server.quirk(:no_store)
    run = start(thread_with("Hello!"))
    expect(look(run)).to eq(run)
    expect(client.run_steps.list(thread_id: run["thread_id"], run_id: run["id"])["data"].size).to eq(1)
  end

  it "makes one response at a time in a thread" do
    define_assistant(store: false)
    server.answer("one", delay: 0.1)
    server.answer("two", delay: 0.1)
    thread = thread_with("Hello!")
    Array.new(2) { Thread.new { start(thread) } }.each(&:join)
    expect(last_body["input"].size).to eq(2)
    expect(texts(messages(thread)).size).to eq(3)
  end

  describe "the bounds" do
    before { define_assistant(store: false) }

    def add(thread, text = "x") = client.messages.create(thread_id: thread, parameters: { role: "user", content: text })

    it "drop the oldest items of a thread, with what belongs to them" do
      stub_const("#{classic}::History::MOST_ITEMS", 4)
      thread = client.threads.create["id"]
      add(thread, "one")
      start(thread)
      %w[two three four].each { |text| add(thread, text) }
      expect(texts(messages(thread, order: "asc"))).to eq(%w[two three four])
    end

    it "forget the thread that was used longest ago" do
      stub_const("#{classic}::Histories::MOST_THREADS", 2)
      one, two = Array.new(2) { client.threads.create["id"] }
      add(one)
      client.threads.create
      expect { add(two) }.to raise_error(http_error, /newest 2/)
      expect { add(one) }.not_to raise_error
    end

    it "hold so many bytes" do
      stub_const("#{classic}::Histories::MOST_BYTES", 3000)
      one, two = Array.new(2) { client.threads.create["id"] }
      add(one, "x" * 2000)
      add(two, "x" * 2000)
      expect { add(one) }.to raise_error(http_error, /No thread found/)
      expect(texts(messages(two)).size).to eq(1)
    end
  end
end
