# frozen_string_literal: true

require_relative "support/classic"

# A program that drives threads, messages and runs by hand, written for the Assistants API and not changed since.
RSpec.describe PromptTracker::Native::Client, "driven by hand, with a definition", :server, :classic do
  { "in the background" => true, "in the foreground" => false }.each do |where, background|
    context "when runs are responses #{where}" do
      before do
        server.quirk(:after_shutdown)
        define_assistant(background: background)
      end

      it "answers" do
        server.answer("It is sunny.", polls: 2)
        thread = client.threads.create
        client.messages.create(thread_id: thread["id"], parameters: { role: "user", content: "What's the weather?" })
        run = start(thread["id"])
        expect(run).to include("object" => "thread.run", "assistant_id" => Classic::ASSISTANT,
                               "thread_id" => thread["id"], "status" => background ? "queued" : "completed")

        run = poll(run)
        expect(run).to include("status" => "completed", "instructions" => "Answer briefly.", "model" => "gpt-4o")
        expect(run["usage"].values).to all(be_positive)

        answer, question = messages(thread["id"], order: "desc", limit: 2)
        expect(texts([answer, question])).to eq(["It is sunny.", "What's the weather?"])
        expect(answer).to include("role" => "assistant", "run_id" => run["id"], "assistant_id" => Classic::ASSISTANT)
        expect(question).to include("role" => "user", "run_id" => nil, "assistant_id" => nil)
        expect(answer["created_at"]).to be >= question["created_at"]
      end

      it "sends what the definition says, and two keys of metadata" do
        thread = thread_with("Hello!")
        start(thread, metadata: { user: "u1" }, additional_instructions: "In German.", temperature: 0.2)
        expect(last_body).to include(
          "model" => "gpt-4o", "instructions" => "Answer briefly.\n\nIn German.", "temperature" => 0.2,
          "conversation" => thread, "input" => [], "store" => true,
          "metadata" => { "user" => "u1", "assistant_id" => Classic::ASSISTANT, "thread_id" => thread }
        )
        expect(last_body["background"]).to eq(background ? true : nil)
      end

      it "shows the run's own metadata only" do
        run = start(thread_with("Hello!"), metadata: { user: "u1" })
        expect([run, poll(run)].map { |shown| shown["metadata"] }).to all(eq("user" => "u1"))
      end

      it "asks for each thing once" do
        run = start(thread_with("Hello!"))
        look(run)
        messages(run["thread_id"])
        client.run_steps.list(thread_id: run["thread_id"], run_id: run["id"])
        expect(lines).to eq(["POST /conversations", "POST /responses", "GET /responses/{}",
                             "GET /conversations/{}/items", "GET /responses/{}"])
      end

      it "runs in a thread of its own" do
        server.answer("It is sunny.")
        run = client.runs.create_thread_and_run(
          parameters: { assistant_id: Classic::ASSISTANT, metadata: { a: "b" },
                        thread: { messages: [{ role: "user", content: "Weather?" }], metadata: { c: "d" } } }
        )
        expect(poll(run)).to include("status" => "completed", "metadata" => { "a" => "b" })
        expect(texts(messages(run["thread_id"]))).to eq(["It is sunny.", "Weather?"])
        expect(client.threads.retrieve(id: run["thread_id"])["metadata"]).to eq("c" => "d")
      end

      it "adds messages for one run" do
        thread = thread_with("Hello!")
        poll(start(thread, additional_messages: [{ role: "user", content: "Are you there?" }]))
        expect(texts(messages(thread, order: "asc")).first(2)).to eq(["Hello!", "Are you there?"])
      end

      %w[failed incomplete cancelled].each do |status|
        it "shows a run that ends #{status}" do
          server.ends_with(status, text: "It is")
          run = poll(start(thread_with("Hello!")))
          expect(run["status"]).to eq(status)
          expect(run["last_error"]).to status == "failed" ? include("code" => "server_error") : be_nil
          expect(run["incomplete_details"])
            .to eq(status == "incomplete" ? { "reason" => "max_completion_tokens" } : nil)
        end
      end

      context "with OpenAI's document", if: Classic::Schemas.missing.nil? do
        it "has the same shapes as before" do
          server.answer("It is sunny.")
          thread = client.threads.create(parameters: { metadata: { a: "b" } })
          message = client.messages.create(thread_id: thread["id"], parameters: { role: "user", content: "Weather?" })
          run = start(thread["id"])
          ended = poll(run)
          list = client.messages.list(thread_id: thread["id"])
          steps = client.run_steps.list(thread_id: thread["id"], run_id: run["id"])
          step = steps["data"].first

          expect_shape("ThreadObject", thread)
          expect_shape("MessageObject", message)
          [run, ended].each { |shown| expect_shape("RunObject", shown) }
          expect_shape("ListMessagesResponse", list)
          expect_shape("ListRunStepsResponse", steps)
          list["data"].each { |shown| expect_shape("MessageObject", shown) }
          expect_shape("MessageObject", client.messages.retrieve(thread_id: thread["id"], id: list["first_id"]))
          expect_shape("RunStepObject",
                       client.run_steps.retrieve(thread_id: thread["id"], run_id: run["id"], id: step["id"]))
          expect_shape("DeleteMessageResponse", client.messages.delete(thread_id: thread["id"], id: message["id"]))
          expect_shape("DeleteThreadResponse", client.threads.delete(id: thread["id"]))
        end

        it "has the same shapes where a function is called" do
          server.calls_tool("get_weather", { city: "Berlin" }, then_answer: "It is sunny.")
          run = poll(start(thread_with("Weather?")))
          expect_shape("RunObject", run)
          calls(run).each { |call| expect_shape("RunToolCallObject", call) }
          waiting = client.run_steps.list(thread_id: run["thread_id"], run_id: run["id"])["data"]
          ended = poll(submit(run))
          expect_shape("RunObject", ended)
          steps = waiting + client.run_steps.list(thread_id: run["thread_id"], run_id: run["id"])["data"]
          expect(steps.size).to eq(3)
          steps.each { |step| expect_shape("RunStepObject", step) }
        end

        %w[failed incomplete cancelled].each do |status|
          it "has the same shape of a run that ends #{status}" do
            server.ends_with(status, text: "It is")
            run = poll(start(thread_with("Hello!")))
            expect_shape("RunObject", run)
            messages(run["thread_id"]).each { |message| expect_shape("MessageObject", message) }
          end
        end
      end

      it("checks shapes") { skip Classic::Schemas.missing } if Classic::Schemas.missing
    end
  end

  it "says what a server says that refuses with HTTP 200" do
    define_assistant
    thread = thread_with("Hello!")
    { { error: { message: "Not today" } } => "Not today", { error: "Not today" } => "Not today",
      {} => "the server's answer has no response in it" }.each do |body, message|
      server.raw(on: "POST /responses", body: body)
      expect { start(thread) }.to raise_error(PromptTracker::Native::AnswerError, message)
    end
    server.raw(on: "POST /conversations", body: {})
    expect { client.threads.create }.to raise_error(PromptTracker::Native::AnswerError, /no id/)
  end

  context "when a message is incomplete" do
    it "says why" do
      define_assistant
      server.ends_with("incomplete", text: "It is")
      run = start(thread_with("Hello!"))
      expect(messages(run["thread_id"]).first).to include("status" => "incomplete",
                                                          "incomplete_details" => { "reason" => "max_tokens" })
    end
  end
end
