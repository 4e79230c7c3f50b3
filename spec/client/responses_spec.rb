# frozen_string_literal: true

require "prompt_tracker/native"

RSpec.describe PromptTracker::Native::Client, "responses and conversations", :server do
  let(:client) { described_class.new }

  describe "#responses" do
    def create(**more) = client.responses.create(parameters: { model: "gpt-4o", input: "Hello!", **more })

    it "makes, reads and deletes one" do
      server.answer("Good morning.")
      response = create
      expect(response.dig("output", 0, "content", 0, "text")).to eq("Good morning.")
      expect(client.responses.retrieve(response_id: response["id"])).to eq(response)
      items = client.responses.input_items(response_id: response["id"], parameters: { limit: 1, order: "asc" })
      expect(items["data"].map { |item| item["role"] }).to eq(%w[user])
      expect(client.responses.delete(response_id: response["id"])).to include("deleted" => true)
      expect { client.responses.retrieve(response_id: response["id"]) }
        .to raise_error(PromptTracker::Native::HTTPError) { |e| expect(e.status).to eq(404) }
    end

    it "streams, with the events' names" do
      server.answer("Good morning.", deltas: ["Good ", "morning."])
      text = +""
      names = []
      result = create(stream: lambda do |data, event|
        names << event
        text << data["delta"] if event == "response.output_text.delta"
      end)
      expect(result).to eq("")
      expect(text).to eq("Good morning.")
      expect([names.first, names.last]).to eq(%w[response.created response.completed])
    end

    it "cancels one in the background" do
      server.stays
      response = create(background: true)
      expect(client.responses.cancel(response_id: response["id"])["status"]).to eq("cancelled")
      expect(server.requests.last.to_s).to eq("POST /v1/responses/#{response["id"]}/cancel")
    end

    it "names no beta" do
      create
      expect(server.requests.last.headers).not_to have_key("openai-beta")
    end
  end

  describe "#conversations" do
    let(:item) { { type: "message", role: "user", content: "Hello!" } }
    let(:id) { client.conversations.create(parameters: { items: [item], metadata: { a: "b" } })["id"] }

    it "makes, reads, changes and deletes one" do
      expect(client.conversations.retrieve(id: id)).to include("id" => id, "metadata" => { "a" => "b" })
      client.conversations.modify(id: id, parameters: { metadata: { c: "d" } })
      expect(client.conversations.retrieve(id: id)["metadata"]).to eq("c" => "d")
      expect(client.conversations.update(id: id, parameters: { metadata: {} })["metadata"]).to eq({})
      expect(client.conversations.delete(id: id)).to include("deleted" => true)
    end

    it "adds, lists, reads and deletes items" do
      added = client.conversations.create_items(conversation_id: id, parameters: { items: [item, item] })["data"]
      list = client.conversations.list_items(conversation_id: id, parameters: { order: "asc" })
      expect(list["data"].last(2)).to eq(added)
      expect(client.conversations.items(conversation_id: id, parameters: { limit: 1 })["data"]).to eq([added[1]])
      ids = { conversation_id: id, item_id: added[0]["id"] }
      expect(client.conversations.get_item(**ids)).to eq(added[0])
      expect(client.conversations.delete_item(**ids)).to include("id" => id)
      expect { client.conversations.get_item(**ids) }.to raise_error(PromptTracker::Native::HTTPError)
    end
  end

  it "refuses ids that can't be one, before anything is sent" do
    [nil, "", "a/b", "a?b", "..", 5].each do |id|
      expect { client.responses.retrieve(response_id: id) }.to raise_error(ArgumentError, /\Aresponse_id must/)
      expect { client.conversations.retrieve(id: id) }.to raise_error(ArgumentError, /\Aid must/)
      expect { client.conversations.get_item(conversation_id: "conv_1", item_id: id) }
        .to raise_error(ArgumentError, /\Aitem_id must/)
    end
    expect(server.requests).to be_empty
  end
end
