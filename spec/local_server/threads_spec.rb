# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: /threads", :local_server do
  it "creates an empty thread from an empty body" do
    thread = request(:post, "/threads").json
    expect(thread).to include("id" => /\Athread_[A-Za-z0-9]{24}\z/, "object" => "thread", "metadata" => {})
    list = get("/threads/#{thread["id"]}/messages").json
    expect(list).to eq("object" => "list", "data" => [], "first_id" => nil, "last_id" => nil, "has_more" => false)
  end

  it "creates one with messages, modifies and deletes it" do
    messages = [{ role: "user", content: "One" }, { role: "assistant", content: "Two" }]
    thread = post("/threads", { messages: messages }).json
    texts = get("/threads/#{thread["id"]}/messages?order=asc").json["data"].map do |message|
      [message["role"], message.dig("content", 0, "text", "value")]
    end
    expect(texts).to eq([%w[user One], %w[assistant Two]])

    changed = post("/threads/#{thread["id"]}", { metadata: { topic: "demo" } }).json
    expect(changed).to eq(thread.merge("metadata" => { "topic" => "demo" }))
    expect(get("/threads/#{thread["id"]}").json).to eq(changed)

    expect(delete("/threads/#{thread["id"]}").json)
      .to eq("id" => thread["id"], "object" => "thread.deleted", "deleted" => true)
    reply = get("/threads/#{thread["id"]}")
    expect(reply.status).to eq(404)
    expect(reply.error["message"]).to eq("No thread found with id '#{thread["id"]}'.")
  end

  it "has the documented shapes", :schemas do
    thread = make_thread("Hi")
    expect_schema("ThreadObject", thread)
    expect_schema("DeleteThreadResponse", delete("/threads/#{thread["id"]}").json)
  end
end

RSpec.describe "LocalServer: /threads/{id}/messages", :local_server do
  let(:thread) { make_thread }
  let(:path) { "/threads/#{thread["id"]}/messages" }

  it "creates, retrieves, modifies and deletes" do
    message = post(path, { role: "user", content: "Grüße 🌍" }).json
    expect(message).to include("id" => /\Amsg_[A-Za-z0-9]{24}\z/, "role" => "user", "run_id" => nil,
                               "thread_id" => thread["id"])
    text = { "value" => "Grüße 🌍", "annotations" => [] }
    expect(message["content"]).to eq([{ "type" => "text", "text" => text }])
    expect(get("#{path}/#{message["id"]}").json).to eq(message)
    expect(post("#{path}/#{message["id"]}", { metadata: { a: "b" } }).json["metadata"]).to eq("a" => "b")
    expect(delete("#{path}/#{message["id"]}").json["deleted"]).to be(true)
    expect(get("#{path}/#{message["id"]}").status).to eq(404)
  end

  it "takes content parts" do
    parts = [{ type: "text", text: "What is this?" },
             { type: "image_url", image_url: { url: "https://example.com/a.png" } },
             { type: "image_file", image_file: { file_id: "file-1" } }]
    content = post(path, { role: "user", content: parts }).json["content"]
    expect(content[0]["text"]).to eq("value" => "What is this?", "annotations" => [])
    expect(content[1]).to eq("type" => "image_url", "image_url" => { "url" => "https://example.com/a.png" })
    expect(content[2]["image_file"]["file_id"]).to eq("file-1")
  end

  it "lists by order, limit and run" do
    run = run_polled("Hello")
    messages = messages_of(run)
    expect(messages.map { |message| message["role"] }).to eq(%w[assistant user])
    base = "/threads/#{run["thread_id"]}/messages"
    expect(get("#{base}?limit=1&order=desc").json["data"]).to eq(messages.first(1))
    expect(get("#{base}?order=asc").json["data"]).to eq(messages.reverse)
    expect(get("#{base}?run_id=#{run["id"]}").json["data"]).to eq(messages.first(1))
    expect(get("#{base}?run_id=run_other").json["data"]).to eq([])
  end

  it "refuses messages while a run is active" do
    server.stays
    run = post("/threads/runs", thread_and_run).json
    reply = post("/threads/#{run["thread_id"]}/messages", { role: "user", content: "More" })
    expect(reply.status).to eq(400)
    expect(reply.error["message"]).to include("while a run #{run["id"]} is active")
  end

  it "has the documented shapes", :schemas do
    parts = [{ type: "text", text: "a" }, { type: "image_file", image_file: { file_id: "file-1" } }]
    message = post(path, { role: "user", content: parts }).json
    expect_schema("MessageObject", message)
    expect_schema("ListMessagesResponse", get(path).json)
    messages_of(run_polled).each { |one| expect_schema("MessageObject", one) }
    expect_schema("DeleteMessageResponse", delete("#{path}/#{message["id"]}").json)
  end
end
