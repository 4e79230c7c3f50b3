# frozen_string_literal: true

require_relative "support/classic"

RSpec.describe PromptTracker::Native::Client, "steps and assistants, with a definition", :server,
               :classic do
  http_error = PromptTracker::Native::HTTPError

  before { define_assistant }

  describe "#run_steps" do
    it "pages, newest first, also before one" do
      server.calls_tool("get_weather", {}, then_answer: "Done.")
      run = submit(start(thread_with("x")))
      list = ->(**more) { client.run_steps.list(thread_id: run["thread_id"], run_id: run["id"], parameters: more) }
      newest, oldest = list.call["data"]
      expect([newest, oldest].map { |step| step["type"] }).to eq(%w[message_creation tool_calls])
      expect(list.call(order: "asc")["data"]).to eq([oldest, newest])
      expect(list.call(after: newest["id"])["data"]).to eq([oldest])
      expect(list.call(before: oldest["id"])["data"]).to eq([newest])
      expect(list.call(limit: 1)).to include("data" => [newest], "has_more" => true)
    end

    it "has searches and interpreter's calls" do
      include = "step_details.tool_calls[*].file_search.results[*].content"
      output = [
        { id: "fs_1", type: "file_search_call", status: "completed", queries: ["x"],
          results: [{ file_id: "file_1", filename: "a.txt", score: 0.5, text: "found" }] },
        { id: "rs_1", type: "reasoning", summary: [] },
        { id: "ci_1", type: "code_interpreter_call", status: "completed", code: "1+1", container_id: "c",
          outputs: [{ type: "logs", logs: "2" }, { type: "image", url: "https://x.example/a.png" }] }
      ]
      server.raw(on: "GET /responses/{id}", times: :always,
                 body: { id: "resp_1", object: "response", status: "completed", created_at: 1, output: output,
                         metadata: { assistant_id: Classic::ASSISTANT },
                         usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } })
      list = client.run_steps.list(thread_id: "conv_1", run_id: "resp_1",
                                   parameters: { order: "asc", include: [include] })
      calls = list["data"].map { |step| step.dig("step_details", "tool_calls", 0) }
      expect(calls).to eq(
        [{ "id" => "fs_1", "type" => "file_search",
           "file_search" => { "results" => [{ "file_id" => "file_1", "file_name" => "a.txt", "score" => 0.5,
                                              "content" => [{ "type" => "text", "text" => "found" }] }] } },
         { "id" => "ci_1", "type" => "code_interpreter",
           "code_interpreter" => { "input" => "1+1",
                                   "outputs" => [{ "type" => "logs", "logs" => "2" },
                                                 { "type" => "image",
                                                   "image" => { "file_id" => "https://x.example/a.png" } }] } }]
      )
      expect(server.requests.last.query).to eq("include[]" => "file_search_call.results")
      list["data"].each { |step| expect_shape("RunStepObject", step) } unless Classic::Schemas.missing
    end

    it "says that there is no such step, and knows one include only" do
      run = start(thread_with("x"))
      ids = { thread_id: run["thread_id"], run_id: run["id"] }
      expect { client.run_steps.retrieve(**ids, id: "step_x") }.to raise_error(http_error, /No run step/)
      expect { client.run_steps.list(**ids, parameters: { include: ["x"] }) }.to raise_error(ArgumentError, /include/)
    end
  end

  describe "#assistants" do
    it "shows the definitions" do
      list = client.assistants.list
      expect(list["data"].map { |assistant| assistant["id"] }).to eq([Classic::ASSISTANT])
      expect(client.assistants.retrieve(id: Classic::ASSISTANT)).to eq(list["data"][0])
      expect(list["data"][0]).to include("name" => "Weather", "model" => "gpt-4o", "temperature" => 1.0)
      expect(lines).to be_empty
      expect_shape("AssistantObject", list["data"][0]) unless Classic::Schemas.missing
    end

    it "leaves out those that can't be used, and says so" do
      PromptTracker::Native.configure { |c| c.assistants = { asst_a: { model: "gpt-4o" }, asst_b: { model: 5 } } }
      list = nil
      expect { list = client.assistants.list }.to output(/asst_b: left out of assistants\.list.*model/).to_stderr
      expect(list["data"].map { |assistant| assistant["id"] }).to eq(["asst_a"])
    end

    it "can't change them" do
      unsupported = PromptTracker::Native::UnsupportedError
      expect { client.assistants.modify(id: Classic::ASSISTANT, parameters: {}) }.to raise_error(unsupported, /modify/)
      expect { client.assistants.delete(id: Classic::ASSISTANT) }.to raise_error(unsupported, /delete/)
      PromptTracker::Native.configure { |c| c.api = :responses }
      expect { client.assistants.create(parameters: { model: "gpt-4o" }) }.to raise_error(unsupported, /create/)
      expect { client.assistants.retrieve(id: "asst_x") }.to raise_error(http_error, /asst_x.*Looked for/)
    end
  end

  describe "what a run may say" do
    it "is what can be carried over" do
      expect { start("conv_1", max_prompt_tokens: 5) }.to raise_error(ArgumentError, /max_prompt_tokens/)
      expect { start("conv_1", x: 5) }.to raise_error(ArgumentError, /unknown fields of a run: x/)
      expect { client.runs.create(thread_id: "conv_1", parameters: {}) }.to raise_error(ArgumentError, /assistant_id/)
      thread = thread_with("x")
      metadata = Array.new(15) { |i| ["k#{i}", "v"] }.to_h
      expect { start(thread, metadata: metadata) }.to raise_error(ArgumentError, /15 keys: at most 14/)
      expect { start(thread, metadata: { thread_id: "x" }) }.to raise_error(ArgumentError, /key thread_id/)
      expect { client.runs.create_thread_and_run(parameters: { assistant_id: Classic::ASSISTANT, max_prompt_tokens: 1 }) }
        .to raise_error(ArgumentError, /max_prompt_tokens/)
      expect(lines).not_to include("POST /responses")
    end

    it "is shown with the run" do
      run = start(thread_with("x"), tools: [], tool_choice: "none", response_format: { type: "text" },
                                    max_completion_tokens: 300)
      expect(poll(run)).to include("tools" => [], "tool_choice" => "none", "response_format" => { "type" => "text" },
                                   "max_completion_tokens" => 300)
    end

    it "can ask for what a search found" do
      client.runs.create(thread_id: thread_with("x"), parameters: { assistant_id: Classic::ASSISTANT },
                         query_parameters: { include: ["step_details.tool_calls[*].file_search.results[*].content"] })
      expect(last_body["include"]).to eq(["file_search_call.results"])
    end
  end
end
