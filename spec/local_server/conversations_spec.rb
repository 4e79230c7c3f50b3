# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: /conversations", :local_server do
  def converse(*texts, **more)
    items = texts.map { |text| { type: "message", role: "user", content: text } }
    post("/conversations", { items: items, **more }).json
  end

  def items(conversation, query = "order=asc") = get("/conversations/#{conversation["id"]}/items?#{query}").json["data"]

  def texts(conversation)
    items(conversation).select { |item| item["type"] == "message" }
                       .map { |item| [item["role"], item.dig("content", 0, "text")] }
  end

  it "are created, retrieved, modified and deleted" do
    conversation = request(:post, "/conversations").json
    expect(conversation).to include("id" => /\Aconv_[A-Za-z0-9]{24}\z/, "object" => "conversation", "metadata" => {})
    expect(get("/conversations/#{conversation["id"]}").json).to eq(conversation)
    changed = post("/conversations/#{conversation["id"]}", { metadata: { topic: "demo" } }).json
    expect(changed).to eq(conversation.merge("metadata" => { "topic" => "demo" }))
    expect(delete("/conversations/#{conversation["id"]}").json)
      .to eq("id" => conversation["id"], "object" => "conversation.deleted", "deleted" => true)
    reply = get("/conversations/#{conversation["id"]}")
    expect(reply.status).to eq(404)
    expect(reply.error["message"]).to eq("Conversation with id '#{conversation["id"]}' not found.")
  end

  it "take items, at most 20 a request" do
    conversation = converse("One", metadata: { a: "b" })
    list = post("/conversations/#{conversation["id"]}/items",
                { items: [{ role: "assistant", content: "Two" }, { role: "user", content: "Three" }] }).json
    expect(list).to include("object" => "list", "has_more" => false)
    expect(texts(conversation)).to eq([%w[user One], %w[assistant Two], %w[user Three]])

    reply = post("/conversations/#{conversation["id"]}/items", { items: [{ role: "user", content: "x" }] * 21 })
    expect([reply.status, reply.error["code"]]).to eq([400, "array_above_max_length"])
    expect(post("/conversations", { items: [{ role: "user", content: "x" }] * 21 }).status).to eq(400)
    expect(post("/conversations/#{conversation["id"]}/items", {}).error["param"]).to eq("items")
    reply = post("/conversations/#{conversation["id"]}/items", { items: [{ role: "king", content: "x" }] })
    expect(reply.error["param"]).to eq("items[0].role")
    expect(items(conversation).size).to eq(3)
  end

  it "list items, newest first, in pages, and give one or delete it" do
    conversation = converse(*Array.new(5, &:to_s))
    all = items(conversation)
    page = get("/conversations/#{conversation["id"]}/items?limit=2").json
    expect(page["data"]).to eq(all.reverse.first(2))
    expect(page).to include("has_more" => true, "first_id" => all[4]["id"], "last_id" => all[3]["id"])
    expect(items(conversation, "limit=10&after=#{page["last_id"]}")).to eq(all.reverse.drop(2))
    expect(get("/conversations/#{conversation["id"]}/items?before=x").error["code"]).to eq("unknown_parameter")

    path = "/conversations/#{conversation["id"]}/items/#{all[0]["id"]}"
    expect(get(path).json).to eq(all[0])
    expect(delete(path).json).to eq(conversation)
    expect([get(path).status, delete(path).status]).to eq([404, 404])
    expect(items(conversation)).to eq(all.drop(1))
  end

  it "gain the input and the output of a response" do
    conversation = converse("Hello")
    server.answer("One").answer("Two").answer("Three")
    response = respond("A", conversation: conversation["id"]).json
    expect(response["conversation"]).to eq("id" => conversation["id"])
    respond_streamed("B", conversation: { id: conversation["id"] })
    respond("C", conversation: conversation["id"], background: true)
    expect(texts(conversation)).to eq([%w[user Hello], %w[user A], %w[assistant One], %w[user B], %w[assistant Two],
                                       %w[user C], %w[assistant Three]])
    expect(items(conversation)[2]).to eq(response["output"][0])
  end

  it "are read by the responses in it" do
    conversation = converse("My name is Ada", "What is my name?")
    server.answer { |prompt| "Asked: #{prompt}" }
    expect(words(respond(nil, conversation: conversation["id"]).json)).to eq(["Asked: What is my name?"])
  end

  it "gain nothing from a response that failed, and what an incomplete one said" do
    conversation = converse
    server.ends_with("failed", text: "Half").ends_with("incomplete", text: "Half")
    respond("A", conversation: conversation["id"])
    expect(texts(conversation)).to eq([])
    respond("B", conversation: conversation["id"])
    expect(texts(conversation)).to eq([%w[user B], %w[assistant Half]])
  end

  it "are blocked by a function call without output" do
    conversation = converse
    server.calls_tool("f", {}, then_answer: "Done").calls_tool("f", {})
    call = respond("A", conversation: conversation["id"]).json["output"][0]
    expect(respond("B", conversation: conversation["id"]).error["message"])
      .to eq("No tool output found for function call #{call["call_id"]}.")
    output = { type: "function_call_output", call_id: call["call_id"], output: "x" }
    expect(words(respond([output], conversation: conversation["id"]).json)).to eq(["Done"])

    call = respond("C", conversation: conversation["id"]).json["output"][0]
    output = { type: "function_call_output", call_id: call["call_id"], output: "x" }
    expect(post("/conversations/#{conversation["id"]}/items", { items: [output] }).status).to eq(200)
    expect(respond("D", conversation: conversation["id"]).status).to eq(200)
  end

  it "must be there, and never go with a previous response" do
    reply = respond(conversation: "conv_none")
    expect([reply.status, reply.error["message"]]).to eq([404, "Conversation with id 'conv_none' not found."])
    expect(respond(conversation: "thread_1").error["message"]).to include("begins with 'conv'")
    expect(respond(conversation: {}).error["param"]).to eq("conversation.id")
    reply = respond(conversation: converse["id"], previous_response_id: respond.json["id"])
    expect([reply.status, reply.error["code"]]).to eq([400, "mutually_exclusive_parameters"])
    expect(post("/conversations/conv_none/items", { items: [] }).status).to eq(404)
  end

  describe "that are locked" do
    let(:conversation) { converse }
    let(:locked) { "Another process is currently operating on this conversation. Please retry in a few seconds." }

    def code(reply) = reply.json.dig("error", "code")

    it "refuse responses and items while a response runs" do
      server.stays
      running = respond(conversation: conversation["id"], background: true).json
      reply = respond(conversation: conversation["id"])
      expect(reply.status).to eq(400)
      expect(reply.error).to eq("message" => locked, "type" => "invalid_request_error", "param" => "conversation",
                                "code" => "conversation_locked")
      item = { role: "user", content: "x" }
      expect(code(post("/conversations/#{conversation["id"]}/items", { items: [item] }))).to eq("conversation_locked")
      post("/responses/#{running["id"]}/cancel")
      expect(respond(conversation: conversation["id"]).status).to eq(200)
    end

    it "refuse them while a response is streamed, or answered later" do
      [true, false].each do |stream|
        server.answer("x", deltas: %w[x], delay: 0.2)
        socket = open_stream("/responses", response_body(conversation: conversation["id"], stream: stream))
        sleep 0.05
        expect(code(respond(conversation: conversation["id"]))).to eq("conversation_locked")
        expect(read_until(socket, '"total_tokens"')).to include("completed")
        sleep 0.02
        expect(respond(conversation: conversation["id"]).status).to eq(200)
      ensure
        socket&.close
      end
    end

    it "refuse them as scripted" do
      server.locks_conversation(times: 2)
      expect(respond.status).to eq(200)
      expect(code(respond(conversation: conversation["id"]))).to eq("conversation_locked")
      reply = post("/conversations/#{conversation["id"]}/items", { items: [{ role: "user", content: "x" }] })
      expect(code(reply)).to eq("conversation_locked")
      expect(respond(conversation: conversation["id"]).status).to eq(200)
      expect(server.responses.size).to eq(2)
    end
  end

  it "have the documented shapes", :schemas do
    conversation = converse("Hi", metadata: { a: "b" })
    expect_schema("ConversationResource", conversation)
    server.calls_tool("f", {}).answer("x", images: 1)
    call = respond(conversation: conversation["id"]).json["output"][0]
    respond([{ type: "function_call_output", call_id: call["call_id"], output: "x" }], model: "gpt-5",
                                                                                       conversation: conversation["id"])
    expect(items(conversation).map { |item| item["type"] })
      .to eq(%w[message message function_call function_call_output reasoning message image_generation_call])
    expect_schema("ConversationItemList", get("/conversations/#{conversation["id"]}/items").json)
    added = post("/conversations/#{conversation["id"]}/items", { items: [{ role: "user", content: "x" }] }).json
    expect_schema("ConversationItemList", added)
    expect_schema("DeletedConversationResource", delete("/conversations/#{conversation["id"]}").json)
  end
end
