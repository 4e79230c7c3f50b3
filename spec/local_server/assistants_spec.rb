# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: /assistants", :local_server do
  it "creates, retrieves, modifies and deletes" do
    made = post("/assistants", { model: "gpt-4.1", name: "Tutor", tools: [{ type: "code_interpreter" }] }).json
    expect(made).to include("id" => /\Aasst_[A-Za-z0-9]{24}\z/, "object" => "assistant", "model" => "gpt-4.1",
                            "name" => "Tutor", "tools" => [{ "type" => "code_interpreter" }])
    expect(get("/assistants/#{made["id"]}").json).to eq(made)

    changed = post("/assistants/#{made["id"]}", { name: nil, temperature: 0.2 }).json
    expect(changed).to eq(made.merge("name" => nil, "temperature" => 0.2))

    expect(delete("/assistants/#{made["id"]}").json)
      .to eq("id" => made["id"], "object" => "assistant.deleted", "deleted" => true)
    expect(get("/assistants").json["data"]).to eq([])
  end

  it "lists, newest first, in pages" do
    ids = Array.new(5) { |n| post("/assistants", { model: "gpt-4o", name: "A#{n}" }).json["id"] }

    first = get("/assistants?limit=2").json
    expect(first).to include("object" => "list", "has_more" => true, "first_id" => ids[4], "last_id" => ids[3])
    rest = get("/assistants?limit=10&after=#{ids[3]}").json
    expect(rest["data"].map { |item| item["id"] }).to eq([ids[2], ids[1], ids[0]])
    expect(rest["has_more"]).to be(false)
    expect(get("/assistants?order=asc&limit=2&before=#{ids[3]}").json["data"].map { |item| item["id"] })
      .to eq([ids[1], ids[2]])
  end

  { "limit=0" => "integer_below_min_value", "limit=101" => "integer_above_max_value", "limit=x" => "invalid_type",
    "order=up" => "invalid_value", "after=asst_none" => "invalid_cursor" }.each do |query, code|
    it "refuses #{query}" do
      expect(get("/assistants?#{query}").error["code"]).to eq(code)
    end
  end

  it "answers for any assistant id, which can then be changed" do
    built_in = get("/assistants/asst_anything").json
    expect(built_in).to include("id" => "asst_anything", "name" => "Local stand-in")
    post("/assistants/asst_anything", { model: "gpt-5" })
    expect(get("/assistants/asst_anything").json["model"]).to eq("gpt-5")
    expect(get("/assistants/nonsense").status).to eq(404)
  end

  it "has the documented shapes", :schemas do
    expect_schema("AssistantObject", get("/assistants/asst_anything").json)
    made = post("/assistants", { model: "gpt-4o", metadata: { a: "b" }, response_format: "auto" }).json
    expect_schema("AssistantObject", made)
    expect_schema("ListAssistantsResponse", get("/assistants").json)
    expect_schema("DeleteAssistantResponse", delete("/assistants/#{made["id"]}").json)
  end

  describe "with strict: true" do
    def server_options = { strict: true }

    it "knows only those that were created" do
      expect(get("/assistants/asst_anything").status).to eq(404)
      reply = post("/threads/runs", thread_and_run)
      expect(reply.status).to eq(404)
      expect(reply.error).to include("message" => /No assistant found with id 'asst_0/, "param" => "assistant_id")

      id = post("/assistants", { model: "gpt-4o" }).json["id"]
      expect(post("/threads/runs", thread_and_run(assistant_id: id)).status).to eq(200)
    end
  end
end
