# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: /models and /chat/completions", :local_server do
  def chat(prompt = "What's the weather in Berlin?", **more)
    post("/chat/completions", { model: "gpt-4o", messages: [{ role: "user", content: prompt }], **more })
  end

  def content(reply) = reply.json.dig("choices", 0, "message", "content")

  it "lists and retrieves models", :schemas do
    expect_schema("ListModelsResponse", get("/models").json)
    expect_schema("Model", get("/models/gpt-4o").json)
    reply = get("/models/none")
    expect(reply.status).to eq(404)
    expect(reply.error["code"]).to eq("model_not_found")
  end

  it "answers with words of the prompt, and counts tokens" do
    reply = chat
    expect(content(reply)).to include("“weather” and “Berlin”", "local stand-in")
    expect(reply.json).to include("object" => "chat.completion", "model" => "gpt-4o", "id" => /\Achatcmpl-\w+\z/)
    expect(reply.json["usage"].values).to all(be > 0)
    expect(reply.json.dig("choices", 0, "finish_reason")).to eq("stop")
  end

  it "reads content parts" do
    expect(content(chat([{ type: "text", text: "Describe the Eiffel tower" }]))).to include("“Eiffel”")
  end

  it "streams" do
    events = events(chat(stream: true).text)
    expect(names(events).compact).to eq([])
    expect(events.last[1]).to eq("[DONE]")
    chunks = events[0..-2].map(&:last)
    expect(chunks.map { |chunk| chunk["object"] }.uniq).to eq(["chat.completion.chunk"])
    expect(chunks[0].dig("choices", 0, "delta")).to eq("role" => "assistant", "content" => "", "refusal" => nil)
    expect(chunks.last["choices"][0]).to include("delta" => {}, "finish_reason" => "stop")
    expect(chunks[1..].map { |chunk| chunk.dig("choices", 0, "delta", "content") }.join).to include("“Berlin”")
    expect(chunks).to all(satisfy { |chunk| !chunk.key?("usage") })
  end

  it "streams the usage when asked" do
    server.answer("Hi", usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 })
    chunks = events(chat(stream: true, stream_options: { include_usage: true }).text)[0..-2].map(&:last)
    usage = { "prompt_tokens" => 1, "completion_tokens" => 2, "total_tokens" => 3 }
    expect(chunks.last).to include("choices" => [], "usage" => usage)
    expect(chunks[0..-2]).to all(include("usage" => nil))
  end

  it "fits the schema that was asked for", :schemas do
    schema = {
      "type" => "object", "additionalProperties" => false,
      "required" => %w[title score tags mood author when],
      "properties" => {
        "title" => { "type" => "string", "maxLength" => 10 }, "score" => { "type" => "integer", "minimum" => 3 },
        "tags" => { "type" => "array", "minItems" => 2, "items" => { "type" => "string" } },
        "mood" => { "type" => "string", "enum" => %w[happy sad] },
        "author" => { "anyOf" => [{ "type" => "null" }, { "$ref" => "#/$defs/person" }] },
        "when" => { "type" => "string", "format" => "date-time" }
      },
      "$defs" => { "person" => {
        "type" => "object", "required" => %w[name friend], "additionalProperties" => false,
        "properties" => { "name" => { "type" => "string" },
                          "friend" => { "anyOf" => [{ "$ref" => "#/$defs/person" }, { "type" => "null" }] } }
      } }
    }
    format = { type: "json_schema", json_schema: { name: "x", strict: true, schema: schema } }
    value = JSON.parse(content(chat(response_format: format)))
    expect(JSONSchemer.schema(schema).validate(value).map { |problem| problem["error"] }).to eq([])
    expect(value["tags"].size).to eq(2)

    run = run_polled("Rate it", response_format: format)
    expect(JSON.parse(messages_of(run).first.dig("content", 0, "text", "value"))).to eq(value)
  end

  it "answers JSON for json_object" do
    expect(JSON.parse(content(chat(response_format: { type: "json_object" })))).to include("answer" => /Berlin/)
  end

  it "calls tools, and answers after their outputs" do
    server.calls_tool("get_weather", { city: "Berlin" }, then_answer: ->(out) { "It is #{out["get_weather"]}." })
    reply = chat
    expect(reply.json.dig("choices", 0, "finish_reason")).to eq("tool_calls")
    call = reply.json.dig("choices", 0, "message", "tool_calls", 0)
    expect(call["function"]).to eq("name" => "get_weather", "arguments" => '{"city":"Berlin"}')

    messages = [{ role: "user", content: "Weather?" }, { role: "assistant", content: nil, tool_calls: [call] },
                { role: "tool", tool_call_id: call["id"], content: "21 degrees" }]
    expect(content(post("/chat/completions", { model: "gpt-4o", messages: messages }))).to eq("It is 21 degrees.")
  end

  it "streams tool calls" do
    server.calls_tool("f", { a: 1 })
    chunks = events(chat(stream: true).text)[0..-2].map(&:last)
    expect(chunks[1].dig("choices", 0, "delta", "tool_calls", 0)).to include("index" => 0, "id" => /\Acall_/)
    expect(chunks.last.dig("choices", 0, "finish_reason")).to eq("tool_calls")
  end

  it "ends as scripted" do
    server.ends_with("incomplete", text: "Half").ends_with("failed", last_error: { message: "No luck" })
    server.ends_with("failed", last_error: { code: "rate_limit_exceeded", message: "Slow down" })
    cut = chat
    expect([content(cut), cut.json.dig("choices", 0, "finish_reason")]).to eq(%w[Half length])
    failed = chat
    expect([failed.status, failed.error["message"]]).to eq([500, "No luck"])
    expect(chat.status).to eq(429)
  end

  it "refuses to answer" do
    server.refuses("No.", times: 2)
    expect(chat.json.dig("choices", 0, "message")).to include("content" => nil, "refusal" => "No.")
    deltas = events(chat(stream: true).text)[0..-2].map { |_, chunk| chunk.dig("choices", 0, "delta") }
    expect(deltas[1]).to eq("refusal" => "No.")
  end

  it "takes its time" do
    server.answer("Hi", delay: 0.15)
    expect(seconds { chat }).to be >= 0.15
  end

  it "refuses max_tokens and temperatures with reasoning models" do
    expect(chat(model: "gpt-5", max_tokens: 5).error.values_at("param", "code"))
      .to eq(%w[max_tokens unsupported_parameter])
    expect(chat(model: "o3", temperature: 0.7).error.values_at("param", "code"))
      .to eq(%w[temperature unsupported_value])
    expect(chat(model: "gpt-5", max_completion_tokens: 5, temperature: 1).status).to eq(200)
  end

  it "refuses what is wrong" do
    expect(post("/chat/completions", { messages: [] }).error["message"]).to eq("you must provide a model parameter")
    expect(post("/chat/completions", { model: "gpt-4o" }).error["param"]).to eq("messages")
    expect(post("/chat/completions", { model: "gpt-4o", messages: [] }).error["code"]).to eq("empty_array")
    expect(chat.status).to eq(200)
    expect(post("/chat/completions", { model: "x", messages: [{ role: "king", content: "" }] }).error["code"])
      .to eq("invalid_value")
  end

  it "has the documented shapes", :schemas do
    server.calls_tool("f", { a: 1 }, times: 2)
    [chat, chat(n: 2)].each { |reply| expect_schema("CreateChatCompletionResponse", reply.json) }
    expect_schema("CreateChatCompletionResponse", chat.json)
    events(chat(stream: true, stream_options: { include_usage: true }).text)[0..-2].map(&:last).each do |chunk|
      expect_schema("CreateChatCompletionStreamResponse", chunk)
    end
  end

  describe "with strict: true" do
    def server_options = { strict: true }

    it "knows only the models it lists" do
      expect(chat(model: "gpt-none").status).to eq(404)
      expect(chat.status).to eq(200)
    end
  end
end
