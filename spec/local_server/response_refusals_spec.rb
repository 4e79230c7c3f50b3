# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: refusals of responses", :local_server do
  {
    { model: nil } => %w[model invalid_type],
    { input: nil } => %w[input missing_required_parameter],
    { input: [] } => %w[input missing_required_parameter],
    { input: 5 } => %w[input invalid_type],
    { input: ["x"] } => %w[input[0] invalid_type],
    { input: [{ role: "user" }] } => %w[input[0].content missing_required_parameter],
    { input: [{ type: "message", content: "x" }] } => %w[input[0].role missing_required_parameter],
    { input: [{ role: "king", content: "x" }] } => %w[input[0].role invalid_value],
    { input: [{ role: "user", content: [{ type: "text", text: "x" }] }] } => %w[input[0].content[0] invalid_value],
    { input: [{ role: "assistant", content: [{ type: "input_text", text: "x" }] }] } =>
      %w[input[0].content[0] invalid_value],
    { input: [{ role: "user", content: [{ type: "input_text" }] }] } =>
      %w[input[0].content[0].text missing_required_parameter],
    { input: [{ type: "thread" }] } => %w[input[0] invalid_value],
    { input: [{ type: "function_call_output", output: "x" }] } => %w[input[0].call_id missing_required_parameter],
    { assistant_id: "asst_1" } => %w[assistant_id unknown_parameter],
    { messages: [] } => %w[messages unknown_parameter],
    { temperature: 3 } => %w[temperature integer_above_max_value],
    { top_p: -0.5 } => %w[top_p decimal_below_min_value],
    { max_output_tokens: 5 } => %w[max_output_tokens integer_below_min_value],
    { max_completion_tokens: 5 } => %w[max_completion_tokens unknown_parameter],
    { metadata: { a: 1 } } => %w[metadata.a invalid_type],
    { metadata: (1..17).to_h { |n| ["k#{n}", "v"] } } => %w[metadata object_above_max_properties],
    { truncation: "last_messages" } => %w[truncation invalid_value],
    { include: ["everything"] } => %w[include[0] invalid_value],
    { reasoning: { effort: "huge" } } => %w[reasoning.effort invalid_value],
    { reasoning: { effort: "low" } } => %w[reasoning.effort unsupported_parameter],
    { reasoning_effort: "low" } => %w[reasoning_effort unknown_parameter],
    { response_format: { type: "text" } } => %w[response_format unknown_parameter],
    { text: { format: { type: "json_schema", schema: {} } } } => %w[text.format.name missing_required_parameter],
    { text: { format: { type: "json_schema", name: "x" } } } => %w[text.format.schema missing_required_parameter],
    { text: { format: { type: "json_schema", name: "a b", schema: {} } } } => %w[text.format.name invalid_value],
    { text: { format: { type: "auto" } } } => %w[text.format.type invalid_value],
    { tools: [{ type: "function", function: { name: "f" } }] } => %w[tools[0].name missing_required_parameter],
    { tools: [{ name: "f" }] } => %w[tools[0].type missing_required_parameter],
    { tools: [{ type: "file_search" }] } => %w[tools[0].vector_store_ids missing_required_parameter],
    { tools: [{ type: "code_interpreter" }] } => %w[tools[0].container missing_required_parameter],
    { tool_choice: "maybe" } => %w[tool_choice invalid_value],
    { tool_choice: { type: "function", function: { name: "f" } } } => %w[tool_choice.name missing_required_parameter],
    { tool_choice: { type: "function", name: "f" } } => ["tool_choice", nil],
    { model: "gpt-5", temperature: 1 } => %w[temperature unsupported_parameter],
    { model: "o3", top_p: 0.5 } => %w[top_p unsupported_parameter]
  }.each do |more, (param, code)|
    it "refuses #{JSON.generate(more)[0, 80]}: #{code}" do
      reply = post("/responses", { model: "gpt-4o", input: "Hi" }.merge(more))
      expect(reply.status).to eq(400)
      expect(reply.error).to include("type" => "invalid_request_error", "param" => param, "code" => code)
      expect(server.responses).to eq([])
    end
  end

  it "refuses what has no model, is no JSON, or has the wrong method" do
    expect(post("/responses", { input: "Hi" }).error["param"]).to eq("model")
    expect(post("/responses", "{").status).to eq(400)
    expect(get("/responses").status).to eq(405)
    expect(get("/responses/resp_none").status).to eq(404)
  end

  it "has OpenAI's error object", :schemas do
    expect_schema("ErrorResponse", post("/responses", {}).json)
    expect_schema("ErrorResponse", get("/conversations/conv_none").json)
  end

  describe "with strict: true" do
    def server_options = { strict: true }

    it "knows only the models it lists" do
      reply = respond(model: "gpt-none")
      expect([reply.status, reply.error["code"]]).to eq([400, "model_not_found"])
      expect(respond.status).to eq(200)
    end
  end
end

RSpec.describe "LocalServer: keys and paths", :local_server do
  let(:azure) { { "Authorization" => nil, "api-key" => "secret" } }

  it "takes Azure's header, and Azure's path" do
    expect(server.azure_url).to eq("http://127.0.0.1:#{server.port}/openai/v1")
    server.answer("From Azure").fails_with(429, on: "GET /responses/{id}")
    request = Net::HTTP::Post.new("/openai/v1/responses?api-version=preview",
                                  "api-key" => "secret", "Content-Type" => "application/json")
    request.body = JSON.generate(response_body)
    reply = http { |connection| connection.request(request) }
    expect([reply.code, words(JSON.parse(reply.body))]).to eq(["200", ["From Azure"]])
    expect(server.requests.last.to_s).to eq("POST /openai/v1/responses")
    expect(http { |connection| connection.get("/openai/v1/responses/resp_1", "api-key" => "secret") }.code).to eq("429")
    expect(get("/models", headers: azure).status).to eq(200)
    expect(get("/models", headers: azure.merge("api-key" => " ")).status).to eq(401)
  end

  it "needs a key" do
    expect(post("/responses", response_body, headers: { "Authorization" => nil }).status).to eq(401)
    expect(post("/conversations", {}, headers: { "Authorization" => nil }).status).to eq(401)
  end

  describe "with keyless: true" do
    def server_options = { keyless: true }

    it "needs none" do
      expect(post("/responses", response_body, headers: { "Authorization" => nil }).status).to eq(200)
      expect(get("/models", headers: { "Authorization" => nil }).status).to eq(200)
    end
  end
end
