# frozen_string_literal: true

require_relative "support/classic"

RSpec.describe PromptTracker::Native::Client, "threads and messages, with a definition", :server, :classic do
  http_error = PromptTracker::Native::HTTPError

  before { define_assistant }

  describe "#threads" do
    it "makes, reads, changes and deletes a conversation" do
      thread = client.threads.create(parameters: { metadata: { a: "b" } })
      expect(thread).to include("id" => /\Aconv_/, "object" => "thread", "metadata" => { "a" => "b" },
                                "tool_resources" => {}, "created_at" => be_within(5).of(Time.now.to_i))
      expect(client.threads.retrieve(id: thread["id"])).to eq(thread)
      expect(client.threads.modify(id: thread["id"],
                                   parameters: { metadata: { c: "d" } })["metadata"]).to eq("c" => "d")
      expect(client.threads.delete(id: thread["id"]))
        .to eq("id" => thread["id"], "object" => "thread.deleted", "deleted" => true)
      expect { client.threads.retrieve(id: thread["id"]) }.to raise_error(http_error) { |e|
        expect(e.status).to eq(404)
      }
    end

    it "sends at most 20 messages a request, in order" do
      thread = thread_with(*Array.new(45) { |i| "m#{i}" })
      expect(server.requests.map { |request| request.body["items"].size }).to eq([20, 20, 5])
      expect(texts(messages(thread, order: "asc", limit: 100))).to eq(Array.new(45) { |i| "m#{i}" })
    end

    it "leaves no half a conversation" do
      server.fails_with(400, on: "POST /conversations/{id}/items")
      expect { thread_with(*(["m"] * 21)) }.to raise_error(http_error)
      expect(lines).to eq(["POST /conversations", "POST /conversations/{}/items", "DELETE /conversations/{}"])
    end

    it "refuses what can't be carried over, and names it" do
      [{ x: 1 }, { messages: [{ role: "system", content: "x" }] }, { messages: [{ role: "user" }] },
       { messages: [{ role: "user", content: "x", attachments: [{ file_id: "f" }] }] }]
        .zip([/: x;/, /messages\[0\]\.role/, /messages\[0\]\.content/, /messages\[0\]\.attachments/])
        .each do |parameters, message|
          expect { client.threads.create(parameters: parameters) }.to raise_error(ArgumentError, message)
        end
      expect(lines).to be_empty
    end

    it "refuses ids that can't be one" do
      ["conv_/x", "conv_ x", nil, "conv_\xFF"].each do |id|
        expect { client.threads.retrieve(id: id) }.to raise_error(ArgumentError, /\Aid must/)
      end
      expect(lines).to be_empty
    end

    describe "tool_resources" do
      def definition
        { model: "gpt-4o", tools: [{ type: "file_search" }, { type: "code_interpreter" }],
          tool_resources: { file_search: { vector_store_ids: ["vs_1"] }, code_interpreter: { file_ids: ["file_1"] } } }
      end

      let(:resources) do
        { "file_search" => { "vector_store_ids" => ["vs_2"] },
          "code_interpreter" => { "file_ids" => Array.new(30) { |i| "file-abcdefghijklmnopqrst#{i}" } } }
      end

      before { define_assistant(definition) }

      it "comes to the assistant's, in every process" do
        thread = client.threads.create(parameters: { tool_resources: resources, metadata: { a: "b" } })
        expect(thread).to include("tool_resources" => resources, "metadata" => { "a" => "b" })
        expected = contain_exactly(
          { "type" => "file_search", "vector_store_ids" => %w[vs_1 vs_2] },
          { "type" => "code_interpreter",
            "container" => { "type" => "auto", "file_ids" => ["file_1", *resources["code_interpreter"]["file_ids"]] } }
        )
        start(thread["id"])
        expect(last_body["tools"]).to expected
        in_another_process
        start(thread["id"])
        expect(last_body["tools"]).to expected
        expect(client.threads.retrieve(id: thread["id"])).to eq(thread)
      end

      it "stays where only metadata changes, and the other way round" do
        id = client.threads.create(parameters: { tool_resources: resources, metadata: { a: "b" } })["id"]
        expect(client.threads.modify(id: id, parameters: { metadata: { c: "d" } }))
          .to include("tool_resources" => resources, "metadata" => { "c" => "d" })
        expect(client.threads.modify(id: id, parameters: { tool_resources: {} }))
          .to include("tool_resources" => {}, "metadata" => { "c" => "d" })
      end

      it "can be a run's own" do
        client.runs.create_thread_and_run(
          parameters: { assistant_id: Classic::ASSISTANT,
                        tool_resources: { file_search: { vector_store_ids: ["vs_9"] } },
                        thread: { tool_resources: { file_search: { vector_store_ids: ["vs_2"] } } } }
        )
        expect(last_body["tools"][0]["vector_store_ids"]).to eq(%w[vs_9 vs_2])
      end
    end
  end

  describe "#messages" do
    let(:thread) { client.threads.create["id"] }

    def add(content, **more)
      client.messages.create(thread_id: thread, parameters: { role: "user", content: content, **more })
    end

    it "adds, reads and deletes one" do
      message = add("Hello!", metadata: { a: "b" })
      expect(message).to include("object" => "thread.message", "role" => "user", "thread_id" => thread,
                                 "metadata" => { "a" => "b" }, "created_at" => be_within(5).of(Time.now.to_i))
      expect(client.messages.retrieve(thread_id: thread, id: message["id"])).to eq(message)
      expect(messages(thread)).to eq([message])
      expect(client.messages.delete(thread_id: thread, id: message["id"]))
        .to eq("id" => message["id"], "object" => "thread.message.deleted", "deleted" => true)
      expect(messages(thread)).to eq([])
    end

    it "takes an assistant's" do
      message = client.messages.create(thread_id: thread, parameters: { role: "assistant", content: "Good morning." })
      expect(message).to include("role" => "assistant", "run_id" => nil)
      expect(texts([message])).to eq(["Good morning."])
    end

    it "shows content parts as they were given" do
      parts = [{ "type" => "text", "text" => "What is this?" },
               { "type" => "image_url", "image_url" => { "url" => "https://x.example/a.png", "detail" => "low" } },
               { "type" => "image_file", "image_file" => { "file_id" => "file_1", "detail" => "auto" } }]
      text = { "type" => "text", "text" => { "value" => "What is this?", "annotations" => [] } }
      expect(add(parts)["content"]).to eq([text, *parts.drop(1)])
    end

    it "shows files as attachments" do
      message = add([{ type: "input_text", text: "Read it." }, { type: "input_file", file_id: "file_1" }])
      expect(message["attachments"]).to eq([{ "file_id" => "file_1", "tools" => [] }])
      expect(texts([message])).to eq(["Read it."])
    end

    it "refuses what can't be carried over" do
      expect { add("x", attachments: [{ file_id: "f" }]) }.to raise_error(ArgumentError, /message\.attachments/)
      expect { add([{ type: "audio" }]) }.to raise_error(ArgumentError, /message\.content\[0\]\.type/)
      expect { client.messages.create(thread_id: thread, parameters: { content: "x" }) }
        .to raise_error(ArgumentError, /message\.role is missing/)
    end

    it "pages" do
      5.times { |i| add("m#{i}") }
      first = client.messages.list(thread_id: thread, parameters: { limit: 2 })
      expect(texts(first["data"])).to eq(%w[m4 m3])
      expect(first).to include("object" => "list", "has_more" => true, "first_id" => first["data"][0]["id"],
                               "last_id" => first["data"][1]["id"])
      rest = client.messages.list(thread_id: thread, parameters: { limit: "3", after: first["last_id"] })
      expect(texts(rest["data"])).to eq(%w[m2 m1 m0])
      expect(rest["has_more"]).to be(false)
      expect(texts(messages(thread, order: "asc", limit: 1))).to eq(%w[m0])
      expect(client.messages.list(thread_id: client.threads.create["id"]))
        .to eq("object" => "list", "data" => [], "first_id" => nil, "last_id" => nil, "has_more" => false)
    end

    it "reads on where a page holds no message" do
      server.calls_tools(Array.new(24) { |i| ["get_weather", { i: i }] }, then_answer: "Done.")
      add("Weather?")
      submit(poll(start(thread)))
      expect(texts(messages(thread, limit: 2))).to eq(["Done.", "Weather?"])
      expect(lines.count("GET /conversations/{}/items")).to be > 2
    end

    it "lists those of one run" do
      server.answer(%w[one two])
      runs = Array.new(2) do
        add("Hello!")
        start(thread)
      end
      expect(texts(messages(thread, run_id: runs[0]["id"]))).to eq(%w[two one])
      in_another_process
      list = client.messages.list(thread_id: thread, parameters: { run_id: runs[0]["id"], order: "asc", limit: 1 })
      expect(texts(list["data"])).to eq(%w[one])
      expect(list["data"][0]).to include("run_id" => runs[0]["id"])
      expect(list["has_more"]).to be(true)
    end

    it "gives what it doesn't know a time between the others, and no run" do
      add("Hello!")
      start(thread)
      in_another_process
      created = client.threads.retrieve(id: thread)["created_at"]
      answer, question = messages(thread)
      expect([answer, question].map { |message| message["created_at"] }).to all(be >= created)
      expect(answer).to include("role" => "assistant", "run_id" => nil, "assistant_id" => nil)
    end

    [{ limit: 0 }, { limit: 101 }, { limit: "many" }, { order: "up" }, { after: "a b" }, { x: 1 }].each do |parameters|
      it "refuses #{parameters}" do
        expect { messages("conv_1", **parameters) }.to raise_error(ArgumentError, /#{parameters.keys.first}/)
        expect(lines).to be_empty
      end
    end

    it "says that an item is no message" do
      server.calls_tool("get_weather")
      start(thread, additional_messages: [{ role: "user", content: "x" }])
      call = client.conversations.list_items(conversation_id: thread)["data"].find do |item|
        item["type"] == "function_call"
      end
      expect { client.messages.retrieve(thread_id: thread, id: call["id"]) }
        .to raise_error(http_error, /is a function_call/) { |e| expect(e.status).to eq(404) }
    end

    it "shows images that were made as messages of their own" do
      server.answer("Here it is.", images: 1)
      start(thread_with("Draw!").tap { |id| @id = id })
      blocks = messages(@id).flat_map { |message| message["content"] }
      expect(blocks).to include(include("type" => "image_file", "image_file" => include("file_id" => /\Aig_/)))
    end
  end
end
