# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: quirks of responses", :local_server do
  # Without a stream and with one, as a block's argument: the response.
  def each_flow
    yield respond.json
    yield response_of(respond_streamed)
  end

  def messages(response) = response["output"].select { |item| item["type"] == "message" }

  def types(response) = response["output"].map { |item| item["type"] }

  it "created_201" do
    server.quirk(:created_201)
    conversation = post("/conversations", {})
    item = { role: "user", content: "x" }
    expect([conversation.status, respond.status, respond(background: true).status,
            post("/conversations/#{conversation.json["id"]}/items", { items: [item] }).status]).to eq([201] * 4)
    expect(get("/conversations/#{conversation.json["id"]}").status).to eq(200)
  end

  it "uuid_ids" do
    server.quirk(:uuid_ids).calls_tool("f", {})
    uuid = /\A\h{8}-\h{4}-\h{4}-\h{4}-\h{12}\z/
    conversation = post("/conversations", {}).json["id"]
    first = respond(conversation: conversation).json
    call = first["output"][0]
    expect([conversation, first["id"], call["id"], call["call_id"]]).to all(match(uuid))
    output = { type: "function_call_output", call_id: call["call_id"], output: "x" }
    second = respond([output], conversation: conversation).json
    expect(second["status"]).to eq("completed")
    expect(respond(previous_response_id: second["id"]).status).to eq(200)
  end

  it "unordered_lists and shuffled_lists" do
    server.quirk(:unordered_lists)
    items = Array.new(20) { |n| { role: "user", content: n.to_s } }
    path = "/conversations/#{post("/conversations", { items: items }).json["id"]}/items?limit=1"
    texts = -> { get(path).json["data"].map { |item| item["content"][0]["text"] } }
    expect(texts.call).to eq(Array.new(20, &:to_s))
    server.quirk(:shuffled_lists)
    expect(texts.call).not_to eq(Array.new(20, &:to_s))
    expect(texts.call.sort).to eq(Array.new(20, &:to_s).sort)
  end

  it "json_for_stream" do
    server.quirk(:json_for_stream)
    reply = respond(stream: true)
    expect(reply.headers["content-type"]).to eq("application/json")
    expect(reply.json).to include("object" => "response", "status" => "completed")
  end

  it "blocking_create" do
    server.quirk(:blocking_create).answer("x", delay: 0.1)
    took = seconds { expect(respond(background: true).json["status"]).to eq("completed") }
    expect(took).to be >= 0.1
  end

  it "failed_200" do
    server.quirk(:failed_200)
    [{}, { stream: true }, { background: true }].each do |more|
      reply = respond(**more)
      expect([reply.status, reply.json["status"]]).to eq([200, "failed"])
      expect(reply.json["error"]).to include("message" => "The response failed at once.")
    end
  end

  it "text_as_string" do
    server.quirk(:text_as_string).answer("Hello", times: 2)
    each_flow { |response| expect(messages(response).map { |item| item["content"] }).to eq(["Hello"]) }
    item = data_of(respond_streamed, "response.output_item.done")["item"]
    expect(item["content"]).to include("stand-in")
  end

  it "usage_null" do
    server.quirk(:usage_null)
    each_flow { |response| expect(response).to include("status" => "completed", "usage" => nil) }
  end

  it "run_missing_fields" do
    server.quirk(:run_missing_fields)
    each_flow { |response| expect(response.keys.sort).to eq(%w[id object output status]) }
    server.ends_with("failed").ends_with("incomplete")
    expect(respond.json["error"]).to include("message" => String)
    expect(respond.json["incomplete_details"]).to eq("reason" => "max_output_tokens")
  end

  it "extra_fields" do
    server.quirk(:extra_fields)
    each_flow { |response| expect(response).to include("x_region") }
    expect(respond_streamed.map(&:last)).to all(include("x_region", "obfuscation"))
  end

  it "several_messages" do
    server.quirk(:several_messages).answer("Final", times: 2)
    each_flow { |response| expect(words(response)).to eq(["Let me think about that.", "Final"]) }
  end

  it "image_blocks" do
    server.quirk(:image_blocks)
    each_flow do |response|
      expect(types(response)).to eq(%w[image_generation_call message image_generation_call])
    end
  end

  it "text_blocks" do
    server.quirk(:text_blocks).answer("One\n\nTwo", times: 2)
    each_flow { |response| expect(messages(response)[0]["content"].map { |part| part["text"] }).to eq(%w[One Two]) }
  end

  it "empty_content and no_text" do
    server.quirk(:empty_content)
    each_flow { |response| expect(messages(response).map { |item| item["content"] }).to eq([[]]) }
    server.quirks = [:no_text]
    each_flow { |response| expect(types(response)).to eq(%w[image_generation_call]) }
  end

  it "error shapes" do
    server.quirk(:error_problem)
    expect(respond(previous_response_id: "resp_none").json).to include("detail" => /not found/)
    server.quirks = [:error_string]
    expect(get("/conversations/conv_none").json).to eq("error" => "Conversation with id 'conv_none' not found.")
  end

  it "no_store" do
    server.quirk(:no_store)
    response = respond.json
    expect(response["store"]).to be(false)
    paths = ["/responses/#{response["id"]}", "/responses/#{response["id"]}/input_items"]
    expect(paths.map { |path| get(path).status }).to eq([404, 404])
    expect(respond(previous_response_id: response["id"]).error["code"]).to eq("previous_response_not_found")
    expect(respond(background: true).error["param"]).to eq("background")
    server.quirk(:no_store, ignored: true)
    expect(respond(previous_response_id: response["id"]).status).to eq(200)
  end

  it "no_conversations" do
    server.quirk(:no_conversations)
    reply = post("/conversations", {})
    expect([reply.status, reply.error["message"]]).to eq([404, "Invalid URL (POST /v1/conversations)"])
    expect(get("/conversations/conv_1/items").status).to eq(404)
    expect(respond(conversation: "conv_1").error["code"]).to eq("unknown_parameter")
    expect(respond.status).to eq(200)
    server.quirk(:no_conversations, status: 405)
    expect(post("/conversations", {}).status).to eq(405)
  end

  it "outlives_stream" do
    server.quirk(:outlives_stream).answer("Said", delay: 0.1).breaks_stream(after: :response_created)
    read_broken("/responses", response_body(stream: true))
    sleep 0.12
    expect(server.responses[0]["status"]).to eq("completed")
    expect(get("/responses/#{server.responses[0]["id"]}").status).to eq(200)
  end
end
