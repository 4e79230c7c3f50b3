# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: refusals", :local_server do
  it "has a request id and a processing time on every answer" do
    replies = [get("/models"), get("/nothing"), post("/threads", "{")]
    replies << post("/threads/runs", thread_and_run(stream: true))
    ids = replies.map { |reply| reply.headers["x-request-id"] }

    expect(ids).to all(match(/\Areq_\h{32}\z/))
    expect(ids.uniq.size).to eq(4)
    expect(replies.map { |reply| reply.headers["openai-processing-ms"] }).to all(match(/\A\d+\z/))
  end

  it "answers 401 without a key, or with a blank one" do
    [nil, "Bearer ", "Basic abc"].each do |value|
      reply = get("/models", headers: { "Authorization" => value })
      expect(reply.status).to eq(401)
      expect(reply.error).to include("type" => "invalid_request_error", "code" => "invalid_api_key")
    end
  end

  it "answers 400 without the Assistants header, where that is needed" do
    without = { "OpenAI-Beta" => nil }
    reply = post("/threads", {}, headers: without)
    expect(reply.status).to eq(400)
    expect(reply.error).to include("code" => "invalid_beta", "message" => /OpenAI-Beta: assistants=v2/)
    expect(post("/threads", {}, headers: { "OpenAI-Beta" => "assistants=v1" }).status).to eq(400)
    expect(get("/assistants", headers: without).status).to eq(400)
    expect(get("/models", headers: without).status).to eq(200)
  end

  it "answers 404 to unknown paths, 405 to wrong methods" do
    expect(get("/nothing").status).to eq(404)
    expect(get("/nothing").error["message"]).to eq("Invalid URL (GET /v1/nothing)")
    expect(get("/threads/thread_1/nothing").status).to eq(404)
    reply = delete("/threads")
    expect(reply.status).to eq(405)
    expect(reply.headers["allow"]).to eq("POST")
  end

  it "answers 400 to malformed JSON, to JSON that is no object, and to another content type" do
    expect(post("/threads", "{\"a\":").error["message"]).to match(/could not parse the JSON body/)
    expect(post("/threads", "[]").status).to eq(400)
    expect(post("/threads", "\xFF{}".b).status).to eq(400)
    form = { "Content-Type" => "application/x-www-form-urlencoded" }
    expect(post("/threads", "a=b", headers: form).error["code"]).to eq("unsupported_content_type")
  end

  {
    ["/threads/runs", {}] => %w[assistant_id missing_required_parameter],
    ["/threads/runs", { assistant_id: 5 }] => %w[assistant_id invalid_type],
    ["/threads/runs", { assistant_id: "asst_1", prompt: "x" }] => %w[prompt unknown_parameter],
    ["/threads/runs", { assistant_id: "asst_1", temperature: 3 }] => %w[temperature integer_above_max_value],
    ["/threads/runs", { assistant_id: "asst_1", top_p: -0.5 }] => %w[top_p decimal_below_min_value],
    ["/threads/runs", { assistant_id: "asst_1", thread: { messages: [{ role: "system", content: "x" }] } }] =>
      %w[thread.messages[0].role invalid_value],
    ["/threads", { messages: [{ role: "user" }] }] => %w[messages[0].content missing_required_parameter],
    ["/threads", { messages: [{ role: "user", content: "" }] }] => %w[content empty_content],
    ["/threads", { messages: ["x"] }] => %w[messages[0] invalid_type],
    ["/threads", { metadata: { a: 1 } }] => %w[metadata.a invalid_type],
    ["/threads", { metadata: { a: "x" * 513 } }] => %w[metadata.a string_above_max_length],
    ["/threads", { metadata: (1..17).to_h { |n| ["k#{n}", "v"] } }] => %w[metadata object_above_max_properties],
    ["/assistants", { model: "gpt-4o", name: "x" * 257 }] => %w[name string_above_max_length],
    ["/assistants", { name: "x" }] => %w[model missing_required_parameter]
  }.each do |(path, body), (param, code)|
    it "refuses #{JSON.generate(body)[0, 60]} at #{path}: #{code}" do
      reply = post(path, body)
      expect(reply.status).to eq(400)
      expect(reply.error).to include("type" => "invalid_request_error", "param" => param, "code" => code)
    end
  end

  it "has OpenAI's error object", :schemas do
    expect_schema("ErrorResponse", get("/nothing").json)
    expect_schema("ErrorResponse", post("/threads/runs", {}).json)
  end

  it "shows a mistake in a script's block as an error 500" do
    server.answer { raise "my mistake" }
    reply = post("/threads/runs", thread_and_run)
    expect(reply.status).to eq(500)
    expect(reply.error["message"]).to include("my mistake")
  end
end
