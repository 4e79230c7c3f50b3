# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: /responses", :local_server do
  it "answers with words of the prompt, and counts tokens" do
    response = respond.json
    expect(response).to include("id" => /\Aresp_[A-Za-z0-9]{24}\z/, "object" => "response", "status" => "completed",
                                "model" => "gpt-4o", "error" => nil, "completed_at" => Integer)
    expect(words(response)).to match([/“weather” and “Berlin”.*local stand-in/])
    usage = response["usage"]
    expect(usage["input_tokens"]).to be_between(5, 50)
    expect(usage["total_tokens"]).to eq(usage["input_tokens"] + usage["output_tokens"])
    expect(response["output"][0]).to include("id" => /\Amsg_/, "role" => "assistant", "status" => "completed")
  end

  it "is found again, until it is deleted" do
    response = respond.json
    expect(get("/responses/#{response["id"]}").json).to eq(response)
    expect(delete("/responses/#{response["id"]}").json)
      .to eq("id" => response["id"], "object" => "response", "deleted" => true)
    reply = get("/responses/#{response["id"]}")
    expect([reply.status, reply.error["message"]]).to eq([404, "Response with id '#{response["id"]}' not found."])
    expect(delete("/responses/#{response["id"]}").status).to eq(404)
  end

  it "is not found where it was not stored" do
    response = respond(store: false).json
    expect(response["store"]).to be(false)
    expect(get("/responses/#{response["id"]}").status).to eq(404)
    expect(respond(previous_response_id: response["id"]).error["code"]).to eq("previous_response_not_found")
  end

  it "repeats what it was asked, and gives defaults for the rest" do
    asked = { instructions: "Be brief.", temperature: 0.2, top_p: 0.5, max_output_tokens: 100, metadata: { a: "b" },
              truncation: "auto", parallel_tool_calls: false, user: "u1", service_tier: "flex" }
    response = respond(**asked).json
    expect(response).to include(JSON.parse(JSON.generate(asked)))
    expect(response).to include("text" => { "verbosity" => "medium", "format" => { "type" => "text" } }, "tools" => [],
                                "reasoning" => { "effort" => nil, "summary" => nil }, "store" => true,
                                "background" => false, "previous_response_id" => nil, "conversation" => nil)
    expect(respond.json).to include("temperature" => 1.0, "top_p" => 1.0, "truncation" => "disabled",
                                    "tool_choice" => "auto", "parallel_tool_calls" => true, "metadata" => {})
  end

  it "has every field of the real one", :schemas do
    recorded = JSON.parse(File.read(File.expand_path("../recorded/responses_create.json", LocalServerSupport::OPENAPI)))
    real = JSON.parse(recorded[0]["response"]["body"])
    ours = respond(user: "u1").json
    expect(real.keys - ours.keys).to eq([])
    expect(real["output"][0].keys - ours["output"][0].keys).to eq([])
    expect(real["usage"].keys - ours["usage"].keys).to eq([])
  end

  it "keeps its input items, which are listed in pages" do
    input = [{ role: "developer", content: "Be brief." }, { role: "user", content: [
      { type: "input_text", text: "What is this?" }, { type: "input_image", image_url: "https://example.com/a.png" }
    ] }, { role: "assistant", content: "A tree." }, { role: "user", content: "Which?" }]
    id = respond(input).json["id"]
    items = get("/responses/#{id}/input_items?order=asc").json["data"]
    expect(items.map { |item| item["role"] }).to eq(%w[developer user assistant user])
    expect(items[1]["content"][1]).to include("type" => "input_image", "detail" => "auto")
    expect(items[2]["content"]).to eq([{ "type" => "output_text", "text" => "A tree.", "annotations" => [],
                                         "logprobs" => [] }])
    page = get("/responses/#{id}/input_items?limit=3").json
    expect(page).to include("has_more" => true, "first_id" => items[3]["id"], "last_id" => items[1]["id"])
    expect(get("/responses/#{id}/input_items?after=#{page["last_id"]}").json["data"]).to eq([items[0]])
    expect(get("/responses/#{id}/input_items?before=#{page["last_id"]}").error["code"]).to eq("unknown_parameter")
    expect(get("/responses/resp_none/input_items").status).to eq(404)
  end

  it "takes items that it put out, and references to them" do
    item, other = Array.new(2) { respond.json["output"][0] }
    input = [item, { type: "item_reference", id: other["id"] }, { role: "user", content: "Go on." }]
    id = respond(input).json["id"]
    expect(get("/responses/#{id}/input_items?order=asc").json["data"].first(2)).to eq([item, other])
    expect(respond([{ type: "item_reference", id: "msg_none" }]).status).to eq(404)
    expect(respond([item, item]).error["message"]).to include("Duplicate item found with id #{item["id"]}")
  end

  it "fits the schema that was asked for", :schemas do
    schema = { "type" => "object", "required" => %w[score], "additionalProperties" => false,
               "properties" => { "score" => { "type" => "integer", "minimum" => 3 } } }
    format = { type: "json_schema", name: "rating", strict: true, schema: schema }
    response = respond(text: { format: format }).json
    expect(JSON.parse(words(response)[0])).to eq("score" => 3)
    expect(response["text"]["format"]).to include("name" => "rating", "schema" => schema)
    response = respond(text: { format: { type: "json_object" } }).json
    expect(JSON.parse(words(response)[0])).to include("answer" => /Berlin/)
  end

  it "puts out a reasoning item first with reasoning models" do
    output = respond(model: "gpt-5", reasoning: { effort: "low" }).json["output"]
    expect(output.map { |item| item["type"] }).to eq(%w[reasoning message])
    expect(output[0]).to include("id" => /\Ars_/, "summary" => [])
  end

  it "can't be cancelled" do
    reply = post("/responses/#{respond.json["id"]}/cancel")
    expect([reply.status, reply.error["message"]]).to eq([400, "Cannot cancel a synchronous response."])
  end

  it "knows all that were created, whatever became of them" do
    kept = respond.json
    dropped = respond(store: false, stream: true).text[/"id":"(resp_\w+)"/, 1]
    delete("/responses/#{kept["id"]}")
    respond(temperature: 5)
    expect(server.responses.map { |response| response["id"] }).to eq([kept["id"], dropped])
    server.reset
    expect(server.responses).to eq([])
  end

  it "has the documented shapes", :schemas do
    server.answer("Hi", usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }).answer("Hi", usage: nil)
    tools = [{ type: "function", name: "f", parameters: {} }, { type: "file_search", vector_store_ids: ["vs_1"] },
             { type: "code_interpreter", container: { type: "auto", file_ids: ["file-1"] } }]
    3.times do
      response = respond(tools: tools, include: ["file_search_call.results"], reasoning: { effort: nil }).json
      expect_response_schema(response)
      expect_schema("ResponseItemList", get("/responses/#{response["id"]}/input_items").json)
    end
  end
end

RSpec.describe "LocalServer: responses that go on", :local_server do
  let(:tools) { [{ type: "function", name: "get_weather", parameters: { type: "object", properties: {} } }] }

  def output(call, text) = { type: "function_call_output", call_id: call["call_id"], output: text }

  it "read what was said before" do
    server.answer { |prompt| "You said #{prompt}" }
    first = respond("One").json
    server.answer("Two")
    second = respond("More", previous_response_id: first["id"], instructions: "Be brief.").json
    expect(second).to include("previous_response_id" => first["id"], "instructions" => "Be brief.")
    expect(second["usage"]["input_tokens"]).to be > first["usage"]["input_tokens"] + 5
    expect(respond("Again", previous_response_id: first["id"]).json["instructions"]).to be_nil
  end

  it "need a previous one that is there" do
    reply = respond(previous_response_id: "resp_none")
    expect(reply.status).to eq(400)
    expect(reply.error).to eq("message" => "Previous response with id 'resp_none' not found.",
                              "type" => "invalid_request_error", "param" => "previous_response_id",
                              "code" => "previous_response_not_found")
    expect(respond(previous_response_id: "thread_1").error["message"])
      .to eq("Invalid 'previous_response_id': 'thread_1'. Expected an ID that begins with 'resp'.")
  end

  it "need one that has ended" do
    server.stays
    running = respond(background: true).json
    expect(respond(previous_response_id: running["id"]).error["message"]).to include("still in_progress")
  end

  it "bring the outputs of function calls" do
    server.calls_tool("get_weather", { city: "Berlin" }, then_answer: ->(out) { "It is #{out["get_weather"]}." })
    first = respond(tools: tools).json
    call = first["output"][0]
    expect(call).to include("type" => "function_call", "id" => /\Afc_/, "call_id" => /\Acall_/, "status" => "completed",
                            "name" => "get_weather", "arguments" => '{"city":"Berlin"}')
    expect(first["status"]).to eq("completed")

    reply = respond("And?", previous_response_id: first["id"])
    expect(reply.status).to eq(400)
    expect(reply.error).to eq("message" => "No tool output found for function call #{call["call_id"]}.",
                              "type" => "invalid_request_error", "param" => "input", "code" => nil)

    second = respond([output(call, "21 degrees")], previous_response_id: first["id"], tools: tools).json
    expect(words(second)).to eq(["It is 21 degrees."])
    expect(respond("Thanks", previous_response_id: second["id"]).status).to eq(200)
  end

  it "bring the outputs of every call" do
    server.calls_tools([["a", {}], ["b", {}]])
    first = respond.json
    one, other = first["output"]
    reply = respond([output(one, "1")], previous_response_id: first["id"])
    expect(reply.error["message"]).to include(other["call_id"])
    second = respond([output(one, "1"), output(other, [{ type: "input_text", text: "2" }])],
                     previous_response_id: first["id"]).json
    expect(words(second)[0]).to include("a says: 1; b says: 2")
  end

  it "bring no output that nobody asked for" do
    reply = respond([{ type: "function_call_output", call_id: "call_none", output: "x" }])
    expect(reply.error["message"])
      .to eq("No tool call found for function call output with call_id call_none.")
  end

  it "may bring the calls themselves, where nothing is stored" do
    server.calls_tool("f", {}, then_answer: "Done").calls_tool("f", {}).calls_tool("g", {})
    call = respond(store: false).json["output"][0]
    history = [{ role: "user", content: "Hi" }, call, output(call, "x")]
    expect(words(respond(history, store: false).json)).to eq(["Done"])

    call = respond(store: false).json["output"][0]
    history = [{ role: "user", content: "Hi" }, call, output(call, "x")]
    expect(respond(history, store: false).json["output"][0]["name"]).to eq("g")
  end
end
