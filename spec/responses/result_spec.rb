# frozen_string_literal: true

require_relative "support"

# What becomes of a response: the result in the shape that the Assistants API had.
RSpec.describe PromptTracker::OpenaiAssistantService, "with the result of a response", :server do
  include_context "on the Responses wire"

  error = described_class::AssistantError

  def blocks(result) = result[:raw][:assistant_message]["content"]

  it "has the run and its message in the Assistants shape" do
    define_assistant(instructions: "Be brief.", tools: [{ type: "function", function: { name: "lookup" } }])
    raw = ask(max_completion_tokens: 100, metadata: { "a" => "b" })[:raw]
    expect(raw[:run]).to include(
      "id" => raw[:run_id], "object" => "thread.run", "status" => "completed", "assistant_id" => "asst_1",
      "thread_id" => raw[:thread_id], "model" => "gpt-4o", "instructions" => "Be brief.",
      "max_completion_tokens" => 100, "metadata" => { "a" => "b" }, "last_error" => nil, "required_action" => nil,
      "tools" => [{ "type" => "function", "function" => { "name" => "lookup" } }]
    )
    expect(raw[:run]["usage"].keys).to eq(%w[prompt_tokens completion_tokens total_tokens])
    expect(raw[:assistant_message]).to include("object" => "thread.message", "role" => "assistant",
                                               "status" => "completed", "run_id" => raw[:run_id])
  end

  it "keeps the response as it came, with what the Assistants shape has no room for" do
    usage = { "input_tokens" => 5, "output_tokens" => 2, "total_tokens" => 7,
              "input_tokens_details" => { "cached_tokens" => 3 } }
    answers(output: [message("Hi")], service_tier: "flex", usage: usage)
    result = ask
    expect(result[:usage]).to eq(prompt_tokens: 5, completion_tokens: 2, total_tokens: 7)
    expect(result[:raw][:response]).to include("service_tier" => "flex")
    expect(result[:raw][:response].dig("usage", "input_tokens_details", "cached_tokens")).to eq(3)
  end

  { "missing" => {}, "null" => nil, "partial" => { "output_tokens" => 7 } }.each do |name, usage|
    it "counts zero where usage is #{name}" do
      answers(output: [message("Hi")], usage: usage)
      expect(ask[:usage]).to eq(prompt_tokens: 0, completion_tokens: usage.to_h["output_tokens"].to_i, total_tokens: 0)
    end
  end

  it "says why the message is incomplete in the words of messages, and of runs in theirs" do
    answers(status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, output: [message("It is")])
    raw = ask[:raw]
    expect(raw[:assistant_message]["incomplete_details"]).to eq("reason" => "max_tokens")
    expect(raw[:run]["incomplete_details"]).to eq("reason" => "max_completion_tokens")
  end

  it "reads events whose number is no number of events" do
    body = stream_of(
      ["response.created", { response: response(status: "in_progress"), "sequence_number" => 10**30 }],
      ["response.output_text.delta", { item_id: "msg_1", delta: "Hi", "sequence_number" => 10**30 }],
      ["response.completed", { response: response(output: [message("Hi")]), "sequence_number" => -(10**30) }]
    )
    server.raw(on: "POST /responses", headers: { "content-type" => "text/event-stream" }, body: body)
    expect(ask { nil }[:text]).to eq("Hi")
  end

  it "has a refusal as a block of its own, and as text" do
    server.refuses("I can't help with that.")
    deltas = []
    result = ask { |delta| deltas << delta }
    expect(result[:text]).to eq("I can't help with that.")
    expect(deltas.join).to eq("I can't help with that.")
    expect(blocks(result)).to eq([{ "type" => "refusal", "refusal" => "I can't help with that." }])
  end

  it "has file citations with an empty text and one index" do
    citation = { type: "file_citation", file_id: "file-1", index: 5, filename: "a.pdf" }
    server.answer("Sunny", annotations: [citation])
    expect(blocks(ask).first["text"]["annotations"]).to eq(
      [{ "type" => "file_citation", "text" => "", "file_citation" => { "file_id" => "file-1" }, "start_index" => 5,
         "end_index" => 5, "filename" => "a.pdf" }]
    )
  end

  it "has files of a container as paths" do
    cited = { type: "container_file_citation", container_id: "cntr_1", file_id: "cfile_1", filename: "plot.png",
              start_index: 1, end_index: 4 }
    server.answer("Sunny", annotations: [cited])
    path = { "file_id" => "cfile_1", "container_id" => "cntr_1" }
    expect(blocks(ask).first["text"]["annotations"]).to match(
      [include("type" => "file_path", "text" => "", "file_path" => path, "start_index" => 1, "end_index" => 4)]
    )
  end

  it "leaves annotations as they are that the Assistants API never had" do
    url = { type: "url_citation", url: "https://example.com", title: "T", start_index: 0, end_index: 1 }
    server.answer("Sunny", annotations: [url])
    expect(blocks(ask).first["text"]["annotations"]).to match([include("type" => "url_citation", "title" => "T")])
  end

  it "has images that were made as image files" do
    server.answer("Here.", images: 2)
    result = ask
    images = result[:raw][:response]["output"].select { |item| item["type"] == "image_generation_call" }
    expect(result[:text]).to eq("Here.")
    expect(blocks(result).map { |block| block["type"] }).to eq(%w[text image_file image_file])
    expect(blocks(result).filter_map { |block| block.dig("image_file", "file_id") }).to eq(images.map { |i| i["id"] })
  end

  it "has the images of the code interpreter too" do
    outputs = [{ "type" => "logs", "logs" => "1" }, { "type" => "image", "url" => "https://example.com/plot.png" }]
    answers(output: [{ "type" => "code_interpreter_call", "id" => "ci_1", "outputs" => outputs }, message("Done.")])
    expect(blocks(ask).last).to include("type" => "image_file")
  end

  {
    "null" => nil, "a String" => "It is sunny.", "null in a list" => [nil],
    "a part without text" => [{ "type" => "x" }],
    "text: null" => [{ "type" => "output_text", "text" => nil }], "a number" => 5,
    "an unknown part" => [{ "type" => "hologram", "hologram" => {} }]
  }.each do |name, content|
    it "crashes on no content: #{name}" do
      answers(output: [message.merge("content" => content)])
      expect(ask[:text]).to eq(content.is_a?(String) ? content : nil)
    end
  end

  {
    "no list" => 5, "a list of nothing" => [nil, 1, "x", []], "reasoning only" => [{ "type" => "reasoning" }]
  }.each do |name, output|
    it "says that there is no message where the output is #{name}" do
      answers(output: output)
      expect { ask }.to raise_error(error, "Failed to retrieve response: no assistant message")
    end
  end

  describe "of an incomplete response" do
    { "max_output_tokens" => "max_completion_tokens", "content_filter" => "content_filter" }.each do |reason, name|
      it "is the partial text, and the reason is #{name}" do
        server.ends_with("incomplete", text: "It is", reason: reason)
        result = ask
        expect(result[:text]).to eq("It is")
        expect(result[:raw][:run]).to include("status" => "incomplete", "incomplete_details" => { "reason" => name })
        expect(result[:raw][:assistant_message]).to include("status" => "incomplete")
      end

      it "is an error without any text, which says #{name}" do
        server.ends_with("incomplete", reason: reason)
        expect { ask }.to raise_error(error, "Assistant run incomplete: #{name}")
      end
    end

    it "is an error also where no reason is known" do
      answers(status: "incomplete")
      expect { ask }.to raise_error(error, "Assistant run incomplete: unknown reason")
    end
  end

  describe "of a response that failed" do
    {
      "server_error" => true, "rate_limit_exceeded" => true, "invalid_prompt" => false,
      "image_content_policy_violation" => false, "vector_store_timeout" => false
    }.each do |code, again|
      it "has the server's own code #{code}" do
        server.ends_with("failed", last_error: { code: code, message: "It broke." })
        raised = failure_of { ask }
        expect(raised).to be_instance_of(error).and have_attributes(
          message: "Assistant run failed: It broke.", code: code, run_id: server.responses.first["id"]
        )
        expect(raised.retryable?).to be(again)
      end
    end

    it "has the Assistants API's code where the run shows it" do
      failed = response(status: "failed", error: { "code" => "vector_store_timeout", "message" => "Late." })
      run = PromptTracker::Native::ResponseShape.run(failed, "asst_1", nil, nil)
      expect(run["last_error"]).to eq("code" => "server_error", "message" => "Late.")
    end

    it "says so where there is no error in it" do
      answers(status: "failed")
      expect { ask }.to raise_error(error, "Assistant run failed: Unknown error")
    end
  end

  describe "store" do
    it "is sent as the setting says" do
      [true, false].each { |store| PromptTracker::Native.configure { |c| c.store = store } && ask }
      expect(bodies.map { |body| body["store"] }).to eq([true, false])
    end

    it "false gives no thread to go on from" do
      PromptTracker::Native.configure { |c| c.store = false }
      expect(ask[:raw]).to include(thread_id: nil, run_id: start_with("resp_"))
    end
  end
end
