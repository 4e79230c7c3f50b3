# frozen_string_literal: true

require_relative "support/classic"

RSpec.describe PromptTracker::Native::ThreadsImport, :server, :classic do
  error = PromptTracker::OpenaiAssistantService::AssistantError

  before { define_assistant }

  let(:service) { PromptTracker::OpenaiAssistantService }

  def imported(messages)
    id = service.import_thread(messages)
    messages(id, order: "asc", limit: 100).map do |message|
      [message["role"], message.dig("content", 0, "text", "value")]
    end
  end

  it "makes a conversation that a call goes on in" do
    id = service.import_thread([{ role: "user", content: "Hello!" }, { "role" => "assistant", "content" => "Hi." }])
    expect(id).to start_with("conv_")
    server.answer("Go on.")
    result = PromptTracker::OpenaiAssistantService.call(assistant_id: Classic::ASSISTANT, prompt: "And?", thread_id: id)
    expect(result[:raw][:thread_id]).to eq(id)
    expect(texts(messages(id))).to eq(["Go on.", "And?", "Hi.", "Hello!"])
  end

  it "sends at most 20 items a request" do
    list = Array.new(41) { |i| { role: "user", content: "m#{i}" } }
    expect(imported(list).map(&:last)).to eq(list.map { |message| message[:content] })
    expect(server.requests.select { |request| request.method == "POST" }.map { |request| request.body["items"].size })
      .to eq([20, 20, 1])
  end

  describe "messages of the Assistants API" do
    def message(text, created_at, role = "user")
      { "id" => "msg_1", "object" => "thread.message", "created_at" => created_at, "thread_id" => "thread_1",
        "status" => "completed", "role" => role, "assistant_id" => nil, "run_id" => nil, "attachments" => [],
        "metadata" => {}, "content" => [{ "type" => "text", "text" => { "value" => text, "annotations" => [] } }] }
    end

    it "are put in order, newest first as lists have them" do
      list = [message("c", 3, "assistant"), message("b", 2), message("a", 2)]
      expect(imported({ "object" => "list", "data" => list })).to eq([%w[user a], %w[user b], %w[assistant c]])
    end

    it "stay in order where they are" do
      expect(imported([message("a", 2), message("b", 2), message("c", 3)]).map(&:last)).to eq(%w[a b c])
    end

    it "are put in order from any" do
      expect(imported([message("b", 2), message("c", 3), message("a", 1)]).map(&:last)).to eq(%w[a b c])
    end

    it "may say the time in other ways" do
      times = ["2026-01-02T00:00:00Z", Time.utc(2026, 1, 3), 1_767_225_600]
      list = times.zip(%w[b c a]).map { |time, text| { role: "user", content: text, created_at: time } }
      expect(imported(list).map(&:last)).to eq(%w[a b c])
    end

    it "are taken as they come where one doesn't say" do
      expect(imported([message("b", 2), message("a", nil)]).map(&:last)).to eq(%w[b a])
    end

    it "that can't be carried over are named" do
      with_file = message("a", 1).merge("attachments" => [{ "file_id" => "f" }])
      image = message("a", 1, "assistant").merge("content" => [{ "type" => "image_file", "image_file" => {} }])
      expect { service.import_thread([with_file]) }.to raise_error(ArgumentError, /messages\[0\]\.attachments/)
      expect { service.import_thread([message("a", 1), image]) }.to raise_error(ArgumentError, /image_file/)
      expect(lines).to be_empty
    end
  end

  it "takes objects that have a to_h" do
    kept = Struct.new(:role, :content, :created_at)
    expect(imported([kept.new("user", "b", Time.at(2)),
                     kept.new("user", "a", Time.at(1))])).to eq([%w[user a], %w[user b]])
  end

  it "makes an empty one" do
    expect(imported([])).to eq([])
  end

  ["text", nil, 5, [5], [nil], ["text"]].each do |messages|
    it "refuses #{messages.inspect}" do
      expect { service.import_thread(messages) }.to raise_error(ArgumentError, /messages/)
    end
  end

  it "says what the server says" do
    server.fails_with(400, on: "POST /conversations", headers: { "x-request-id" => "req_1" })
    expect { service.import_thread([{ role: "user", content: "x" }]) }
      .to raise_error(error, /\AFailed to create thread: /) { |e|
        expect(e).to have_attributes(status: 400, request_id: "req_1")
        expect(e.cause).to be_a(PromptTracker::Native::HTTPError)
      }
  end

  it "names the way where there are no conversations" do
    server.quirk(:no_conversations)
    expect { service.import_thread([{ role: "user", content: "x" }]) }
      .to raise_error(error, /Native::Conversation\.new\(assistant_id:, messages:\)/)
  end

  it "leaves no half a conversation" do
    server.fails_with(400, on: "POST /conversations/{id}/items")
    expect { service.import_thread(Array.new(21) { { role: "user", content: "x" } }) }.to raise_error(error)
    expect(lines.last).to eq("DELETE /conversations/{}")
  end

  it "needs a key, or a client that has one" do
    ENV.delete("OPENAI_API_KEY")
    expect { service.import_thread([]) }.to raise_error(error, "OPENAI_API_KEY environment variable not set")
    client = PromptTracker::Native::Client.new(access_token: "mine")
    expect(service.import_thread([], client: client)).to start_with("conv_")
    PromptTracker::Native.configure { |c| c.require_api_key = false }
    expect { service.import_thread([]) }.to raise_error(error, /Failed to create thread: .*key/)
  end
end
