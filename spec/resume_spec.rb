# frozen_string_literal: true

require_relative "support/flows"

# Runs whose call was lost: found again by their ids, never started again.
RSpec.describe PromptTracker::OpenaiAssistantService, ".resume", :server, :child_process do
  service = described_class
  error = described_class::AssistantError

  # A call that is lost while its run goes on; returns the ids.
  def lose_a_call(**more)
    thread = Thread.new { ask(**more) }
    eventually { runs_at_server.any? }
    thread.kill.join
    run = runs_at_server.first
    { thread_id: run.thread_id, run_id: run.id }
  end

  def result_keys(result) = [result.keys, result[:raw].keys]

  before { PromptTracker::Native.configure { |c| c.poll_interval = 0.01 } }

  describe "of a run of the Assistants API" do
    it "gives what the call would have given" do
      server.answer("It is sunny.", polls: 3)
      ids = lose_a_call(flow: :polling)
      result = service.resume(**ids)
      server.reset
      server.answer("It is sunny.")
      called = ask
      expect(result_keys(result)).to eq(result_keys(called))
      expect(result).to include(text: "It is sunny.", model: "asst_1", usage: called[:usage])
      expect(result[:raw]).to include(thread_id: ids[:thread_id], run_id: ids[:run_id])
      expect(result[:raw][:run]["status"]).to eq("completed")
    end

    it "starts nothing" do
      server.answer("It is sunny.", polls: 3)
      ids = lose_a_call(flow: :polling)
      before = request_lines.size
      service.resume(**ids)
      expect(request_lines.drop(before).uniq).to eq(["GET /threads/{}/runs/{}", "GET /threads/{}/messages"])
    end

    it "works after the process was killed, by another one" do
      server.answer("It is sunny.", polls: 2)
      outcome = run_child("ask(flow: :polling)") do |pid, _|
        eventually { runs_at_server.any? }
        Process.kill(:KILL, pid)
        ""
      end
      expect(outcome.status.termsig).to eq(Signal.list["KILL"])
      run = runs_at_server.first
      out = expect_clean("puts PromptTracker::OpenaiAssistantService.resume(thread_id: #{run.thread_id.dump}, " \
                         "run_id: #{run.id.dump})[:text]")
      expect(out).to eq("It is sunny.\n")
      expect(run_requests.size).to eq(1)
    end

    it "gives the result of a run that is long over" do
      first = ask
      again = service.resume(thread_id: first[:raw][:thread_id], run_id: first[:raw][:run_id])
      expect(again.except(:raw)).to eq(first.except(:raw))
    end

    it "gives the text to a block" do
      first = ask
      deltas = []
      service.resume(thread_id: first[:raw][:thread_id], run_id: first[:raw][:run_id]) { |delta| deltas << delta }
      expect(deltas.join).to eq(first[:text])
    end

    it "answers tools" do
      server.calls_tool("lookup", { "a" => 1 }, then_answer: ->(outputs) { "found #{outputs["lookup"]}" })
      ids = failure_of { ask }.then { |raised| { thread_id: raised.thread_id, run_id: raised.run_id } }
      result = service.resume(**ids, tools: { "lookup" => ->(arguments) { arguments["a"] + 1 } })
      expect(result[:text]).to eq("found 2")
      expect(run_requests.size).to eq(1)
    end

    it "fails as a call does where nobody answers tools" do
      server.calls_tool("lookup", {})
      ids = failure_of { ask }.then { |raised| { thread_id: raised.thread_id, run_id: raised.run_id } }
      expect { service.resume(**ids) }
        .to raise_error(error, "Assistant requires action (tool calls not yet supported)")
    end

    { "expired" => "Assistant run expired", "cancelled" => "Assistant run was cancelled",
      "failed" => "Assistant run failed: too much" }.each do |status, message|
      it "fails as a call does where the run has #{status}" do
        server.ends_with(status, last_error: { code: "server_error", message: "too much" })
        ids = failure_of { ask }.then { |raised| { thread_id: raised.thread_id, run_id: raised.run_id } }
        expect { service.resume(**ids) }.to raise_error(error, message) { |raised|
          expect(raised).to have_attributes(**ids)
        }
      end
    end

    it "cancels the run when its time is over, and says which it was" do
      server.stays
      ids = lose_a_call
      expect { service.resume(**ids, timeout: 0.2) }
        .to raise_error(error, "Assistant run timed out after 0.2 seconds") { |raised|
              expect(raised).to have_attributes(**ids)
            }
      expect(eventually { request_lines.last.end_with?("/cancel") }).to be(true)
    end

    it "says that there is no such run" do
      raised = failure_of { service.resume(thread_id: "thread_1", run_id: "run_1") }
      expect(raised).to be_instance_of(error).and have_attributes(status: 404, thread_id: "thread_1", run_id: "run_1")
      expect(raised.message).to start_with("Error waiting for completion: ")
    end
  end

  describe "of a response" do
    include ResponsesAtServer

    before { define_assistant }

    it "gives what the call would have given" do
      first = ask
      result = service.resume(run_id: first[:raw][:run_id], assistant_id: "asst_1")
      expect(result).to eq(first)
      expect(request_lines).to eq(["POST /responses", "GET /responses/{}"])
    end

    it "names its model where nobody says which assistant it was" do
      expect(service.resume(run_id: ask[:raw][:run_id])[:model]).to eq("gpt-4o")
    end

    it "names the assistant that its metadata has" do
      first = ask(metadata: { assistant_id: "asst_9" })
      expect(service.resume(run_id: first[:raw][:run_id])[:model]).to eq("asst_9")
    end

    it "waits for one in the background" do
      PromptTracker::Native.configure { |c| c.background = true }
      server.answer("It is sunny.", delay: 0.3)
      ids = lose_a_call
      expect(service.resume(run_id: ids[:run_id])[:text]).to eq("It is sunny.")
      expect(run_requests.size).to eq(1)
    end

    it "cancels one in the background when its time is over" do
      PromptTracker::Native.configure { |c| c.background = true }
      server.stays
      ids = lose_a_call
      expect { service.resume(run_id: ids[:run_id], timeout: 0.2) }
        .to raise_error(error, "Assistant run timed out after 0.2 seconds") { |raised|
              expect(raised.run_id).to eq(ids[:run_id])
            }
      expect(eventually { server.requests.any? { |request| request.path.end_with?("/cancel") } }).to be(true)
    end

    it "answers tools with a response like the first" do
      define_assistant(instructions: "Be brief.", temperature: 0.3,
                       tools: [{ type: "function", function: { name: "lookup", parameters: {} } }])
      server.calls_tool("lookup", { "a" => 1 }, then_answer: ->(outputs) { "found #{outputs["lookup"]}" })
      id = failure_of { ask(metadata: { "job" => "7" }) }.run_id
      result = service.resume(run_id: id, tools: { "lookup" => ->(arguments) { arguments["a"] + 1 } })
      expect(result[:text]).to eq("found 2")
      sent = run_requests.last.body
      expect(sent).to include("model" => "gpt-4o", "instructions" => "Be brief.", "temperature" => 0.3,
                              "metadata" => { "job" => "7" }, "previous_response_id" => id)
      expect(sent["tools"]).to match([include("type" => "function", "name" => "lookup")])
      expect(run_requests.size).to eq(2)
    end

    it "answers tools in its conversation" do
      server.calls_tool("lookup", {}, then_answer: "Done.")
      conversation = PromptTracker::Native::Client.new.json_post(path: "/conversations", parameters: {})["id"]
      catch(:lost) { ask(thread_id: conversation, tools: { "lookup" => ->(_) { throw :lost } }) }
      id = server.responses.last["id"]
      result = service.resume(run_id: id, tools: { "lookup" => ->(_) { "x" } })
      expect(result).to include(text: "Done.", raw: include(thread_id: conversation))
      expect(run_requests.last.body).to include("conversation" => conversation)
    end

    it "fails as a call does where it has failed" do
      server.ends_with("failed", last_error: { code: "server_error", message: "too much" })
      id = failure_of { ask }.run_id
      expect { service.resume(run_id: id) }.to raise_error(error, "Assistant run failed: too much")
    end

    it "says that the server has it no more" do
      expect { service.resume(run_id: "resp_1") }
        .to raise_error(error, /\AError waiting for completion: .*resp_1/) { |raised| expect(raised.status).to eq(404) }
    end
  end

  describe "with bad input" do
    { "no run" => [{ run_id: nil }, "run_id must be a String, not nil"],
      "a blank run" => [{ run_id: " " }, "run_id is blank"],
      "no thread" => [{ run_id: "run_1" }, "thread_id must be that of the thread"],
      "a path" => [{ run_id: "run_1/cancel", thread_id: "t" }, "run_id holds characters"],
      "a conversation" => [{ run_id: "run_1", thread_id: "conv_1" }, "thread_id"],
      "a timeout of nothing" => [{ run_id: "resp_1", timeout: 0 }, "timeout must be more than 0 seconds"],
      "tools that can't be called" => [{ run_id: "resp_1", tools: { a: 1 } }, "tools must map function names"],
      "an assistant that is none" => [{ run_id: "resp_1", assistant_id: "a b" },
                                      "assistant_id holds characters"] }.each do |name, (keywords, said)|
      it "says what is wrong with #{name}" do
        expect { service.resume(**keywords) }.to raise_error(ArgumentError, /#{said}/)
        expect(requests).to eq([])
      end
    end

    it "needs a key" do
      ENV.delete("OPENAI_API_KEY")
      expect { service.resume(run_id: "resp_1") }.to raise_error(error, "OPENAI_API_KEY environment variable not set")
    end
  end
end
