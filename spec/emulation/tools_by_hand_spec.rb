# frozen_string_literal: true

require_relative "support/classic"

RSpec.describe PromptTracker::Native::Client, "with tools by hand, with a definition", :server, :classic do
  unsupported = PromptTracker::Native::UnsupportedError
  superseded = PromptTracker::Native::SupersededError

  before { define_assistant(background: true) }

  def waiting(then_answer: "It is sunny.", **options)
    server.calls_tool("get_weather", { city: "Berlin" }, then_answer: then_answer)
    poll(start(thread_with("Weather?"), **options))
  end

  describe "#submit_tool_outputs" do
    it "goes on under the run's id" do
      run = waiting
      expect(run).to include("status" => "requires_action")
      expect(calls(run)).to match([include("type" => "function",
                                           "function" => { "name" => "get_weather",
                                                           "arguments" => "{\"city\":\"Berlin\"}" })])
      going_on = submit(run)
      expect(going_on).to include("id" => run["id"], "status" => "queued", "required_action" => nil)
      ended = poll(going_on)
      expect(ended).to include("id" => run["id"], "status" => "completed", "created_at" => run["created_at"])
      answer = messages(run["thread_id"]).first
      expect(texts([answer])).to eq(["It is sunny."])
      expect(answer["run_id"]).to eq(run["id"])
    end

    it "sends the outputs, and all that the run said" do
      run = waiting(additional_instructions: "In German.", metadata: { a: "b" })
      submit(run)
      expect(last_body).to include(
        "conversation" => run["thread_id"], "instructions" => "Answer briefly.\n\nIn German.",
        "input" => [{ "type" => "function_call_output", "call_id" => calls(run)[0]["id"], "output" => "21 degrees" }],
        "metadata" => include("a" => "b", "assistant_id" => Classic::ASSISTANT)
      )
      expect(last_body["tools"].size).to eq(2)
    end

    [{ "type" => "function", "function" => { "name" => "get_weather" } }, "required"].each do |choice|
      it "does not force another call with the tool_choice #{choice}" do
        run = waiting(tool_choice: choice)
        expect(last_body).to have_key("tool_choice")
        submit(run)
        expect(last_body).not_to have_key("tool_choice")
        expect(poll(run)["tool_choice"]).to eq(choice)
      end
    end

    it "goes on as often as functions are called" do
      run = waiting(then_answer: nil)
      server.calls_tool("get_weather", { city: "Rome" }, then_answer: "Sunny in both.")
      2.times { run = poll(submit(run)) }
      expect(run["status"]).to eq("completed")
      steps = client.run_steps.list(thread_id: run["thread_id"], run_id: run["id"],
                                    parameters: { order: "asc" })["data"]
      expect(steps.map { |step| step["type"] }).to eq(%w[tool_calls tool_calls message_creation])
      expect(steps.map { |step| step["status"] }).to all(eq("completed"))
      expect(steps[0].dig("step_details", "tool_calls", 0, "function", "output")).to eq("21 degrees")
      expect(run["usage"]["total_tokens"]).to eq(steps.sum { |step| step["usage"]["total_tokens"] })
    end

    it "can be tried again where it failed" do
      run = waiting
      server.fails_with(400, on: "POST /responses")
      expect { submit(run) }.to raise_error(PromptTracker::Native::HTTPError)
      step = client.run_steps.list(thread_id: run["thread_id"], run_id: run["id"])["data"][0]
      expect(step).to include("status" => "in_progress")
      expect(poll(submit(run))["status"]).to eq("completed")
    end

    it "leaves wrong call ids to the server" do
      run = waiting
      expect do
        client.runs.submit_tool_outputs(thread_id: run["thread_id"], run_id: run["id"],
                                        parameters: { tool_outputs: [{ tool_call_id: "call_x", output: "" }] })
      end.to raise_error(PromptTracker::Native::HTTPError, /call_/)
    end

    [nil, "21", [21], [{ output: "21" }], [{ tool_call_id: "c", output: 21 }]].each do |outputs|
      it "refuses #{outputs.inspect}" do
        expect do
          client.runs.submit_tool_outputs(thread_id: "conv_1", run_id: "resp_1", parameters: { tool_outputs: outputs })
        end.to raise_error(ArgumentError, /tool_outputs/)
        expect(lines).to be_empty
      end
    end
  end

  describe "in another process" do
    it "shows a run from its id" do
      server.answer("It is sunny.")
      run = poll(start(thread_with("Weather?"), metadata: { a: "b" }))
      in_another_process
      expect(look(run)).to eq(run)
      expect(messages(run["thread_id"]).first).to include("run_id" => run["id"],
                                                          "assistant_id" => Classic::ASSISTANT)
    end

    it "goes on from a run that waits" do
      run = waiting(additional_instructions: "In German.", metadata: { a: "b" })
      in_another_process
      expect(look(run)).to eq(run)
      ended = poll(submit(run))
      expect(ended).to include("id" => run["id"], "status" => "completed", "metadata" => { "a" => "b" })
      expect(last_body["instructions"]).to eq("Answer briefly.\n\nIn German.")
    end

    it "goes on from a run that it never looked at" do
      run = waiting
      in_another_process
      expect(poll(submit(run))["status"]).to eq("completed")
    end

    it "says that a run went on elsewhere" do
      run = waiting
      poll(submit(run))
      in_another_process
      [-> { look(run) }, -> { submit(run) }, -> { client.runs.cancel(thread_id: run["thread_id"], id: run["id"]) }]
        .each do |verb|
          expect { verb.call }.to raise_error(superseded, /#{run["id"]} has gone on/) { |e|
            expect(e).to have_attributes(run_id: run["id"], thread_id: run["thread_id"])
            expect(e).to be_a(PromptTracker::Native::Error)
          }
        end
      expect(texts(messages(run["thread_id"])).first).to eq("It is sunny.")
    end

    it "says so too where the run was begun here" do
      run = waiting
      mine = PromptTracker::Native::Client::Classic.runs[run["id"]]
      in_another_process
      poll(submit(run))
      PromptTracker::Native::Client::Classic.runs[run["id"]] = Marshal.load(Marshal.dump(mine)).tap do |old|
        old.instance_variable_get(:@usages).delete_if { |id, _| id != run["id"] }
      end
      expect { look(run) }.to raise_error(superseded)
    end

    it "can't go on without the definition" do
      run = waiting
      in_another_process
      PromptTracker::Native.configure { |c| c.assistants = { asst_other: { model: "gpt-4o" } } }
      expect(look(run)).to include("status" => "requires_action", "assistant_id" => Classic::ASSISTANT)
      expect { submit(run) }.to raise_error(PromptTracker::Native::ConfigurationError, /no definition/)
    end

    it "is a process", :child_process do
      run = waiting
      definition = JSON.generate(Classic::DEFINITION)
      code = <<~RUBY
        PromptTracker::Native.configure { |c| c.assistants = { #{Classic::ASSISTANT.inspect} => JSON.parse('#{definition}') } }
        client = PromptTracker::Native::Client.new
        ids = { thread_id: #{run["thread_id"].inspect}, id: #{run["id"].inspect} }
        begin
          puts client.runs.retrieve(**ids)["status"]
        rescue PromptTracker::Native::SupersededError => e
          puts e.class
        end
      RUBY
      env = ENV.to_h.slice("OPENAI_BASE_URL", "OPENAI_API_KEY")
      expect(expect_clean(code, env: env)).to eq("requires_action\n")
      poll(submit(run))
      expect(expect_clean(code, env: env)).to eq("PromptTracker::Native::SupersededError\n")
    end
  end

  describe "#cancel" do
    it "cancels a run in the background" do
      server.stays
      run = start(thread_with("Hello!"))
      expect(client.runs.cancel(thread_id: run["thread_id"], id: run["id"])["status"]).to eq("cancelled")
      expect(look(run)["status"]).to eq("cancelled")
      expect(lines).to include("POST /responses/{}/cancel")
    end

    it "frees the conversation of a run that waits for outputs" do
      run = waiting
      cancelled = client.runs.cancel(thread_id: run["thread_id"], id: run["id"])
      expect(cancelled).to include("status" => "cancelled", "required_action" => nil)
      expect(look(run)["status"]).to eq("cancelled")
      step = client.run_steps.list(thread_id: run["thread_id"], run_id: run["id"])["data"][0]
      expect(step["status"]).to eq("cancelled")

      client.messages.create(thread_id: run["thread_id"], parameters: { role: "user", content: "And now?" })
      expect(poll(start(run["thread_id"]))["status"]).to eq("completed")
    end

    it "leaves it to the server where the run is over" do
      run = poll(start(thread_with("Hello!")))
      expect { client.runs.cancel(thread_id: run["thread_id"], id: run["id"]) }
        .to raise_error(PromptTracker::Native::HTTPError, /[Cc]ancel/)
    end

    it "works from another process" do
      server.stays
      run = start(thread_with("Hello!"))
      in_another_process
      expect(client.runs.cancel(thread_id: run["thread_id"], id: run["id"]))
        .to include("status" => "cancelled", "assistant_id" => Classic::ASSISTANT)
    end
  end

  describe "a conversation that is in use" do
    it "is waited for" do
      run = poll(start(thread_with("Hello!")))
      server.locks_conversation(times: 4)
      client.messages.create(thread_id: run["thread_id"], parameters: { role: "user", content: "Again!" })
      server.locks_conversation(times: 2)
      expect(poll(start(run["thread_id"]))["status"]).to eq("completed")
      expect(lines.count("POST /conversations/{}/items")).to eq(5)
    end

    it "is waited for with a stream too" do
      server.locks_conversation(times: 2)
      thread = thread_with("Hello!")
      events = events { |taker| start(thread, stream: taker) }
      expect(events.last[0]).to eq("thread.run.completed")
    end

    it "is waited for until the request timeout" do
      thread = thread_with("Hello!")
      server.locks_conversation(times: :always)
      @client = PromptTracker::Native::Client.new(request_timeout: 0.1)
      expect { start(thread) }.to raise_error(PromptTracker::Native::HTTPError) { |e|
        expect(e).to have_attributes(status: 400, code: "conversation_locked")
      }
      expect(lines.count("POST /responses")).to be > 1
    end

    it "is waited for while a run really is at work" do
      server.answer("It is sunny.", delay: 0.15)
      run = start(thread_with("Weather?"))
      client.messages.create(thread_id: run["thread_id"], parameters: { role: "user", content: "Thanks!" })
      expect(texts(messages(run["thread_id"]))).to eq(["Thanks!", "It is sunny.", "Weather?"])
    end
  end

  describe "what can't be served" do
    it "says why" do
      run = poll(start(thread_with("Hello!")))
      ids = { thread_id: run["thread_id"], id: run["id"] }
      message = messages(run["thread_id"])[0]["id"]
      expect { client.runs.list(thread_id: run["thread_id"]) }
        .to raise_error(unsupported, /no endpoint lists the responses of a conversation/)
      expect { client.runs.modify(**ids, parameters: { metadata: {} }) }
        .to raise_error(unsupported, /no endpoint changes a response/)
      expect { client.messages.list(thread_id: run["thread_id"], parameters: { before: message }) }
        .to raise_error(unsupported, /`before`.*no endpoint/)
      expect { client.messages.modify(thread_id: run["thread_id"], id: message, parameters: {}) }
        .to raise_error(unsupported, /can't be changed/)
      expect(PromptTracker::Native::UnsupportedError.ancestors).to include(PromptTracker::Native::Error)
    end
  end
end
