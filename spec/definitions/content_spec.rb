# frozen_string_literal: true

require_relative "support/openapi"

RSpec.describe PromptTracker::Native::Mapping do
  include OpenAPIExamples

  def input(*parts) = described_class.input(parts)

  def parts(*given)
    items = input(*given)
    expect_valid("CreateResponse", { input: items })
    items.first.fetch(:content)
  end

  describe ".input" do
    it "makes one message of the user of a text" do
      expect(described_class.input("Hello!")).to eq([{ type: "message", role: "user", content: "Hello!" }])
    end

    it "makes one message of the user of content parts" do
      expect(input({ type: "text", text: "Hello!" }))
        .to eq([{ type: "message", role: "user", content: [{ type: "input_text", text: "Hello!" }] }])
    end

    it "takes plain text among the parts" do
      expect(parts("Hello!", { "type" => "text", "text" => "You!" }))
        .to eq([{ type: "input_text", text: "Hello!" }, { type: "input_text", text: "You!" }])
    end

    it "maps image_url, with its detail" do
      url = "https://example.com/a.png"
      expect(parts({ type: "image_url", image_url: { url: url, detail: "high" } },
                   { type: "image_url", image_url: { url: url } }, { type: :image_url, image_url: url }))
        .to eq([{ type: "input_image", image_url: url, detail: "high" },
                { type: "input_image", image_url: url, detail: "auto" },
                { type: "input_image", image_url: url, detail: "auto" }])
    end

    it "maps image_file, with its detail" do
      expect(parts({ type: "image_file", image_file: { file_id: "file-1", detail: "low" } },
                   { "type" => "image_file", "image_file" => { "file_id" => "file-2" } }))
        .to eq([{ type: "input_image", file_id: "file-1", detail: "low" },
                { type: "input_image", file_id: "file-2", detail: "auto" }])
    end

    it "leaves parts of the Responses API as they are" do
      own = [{ type: "input_text", text: "Read this." }, { type: "input_file", file_id: "file-1" },
             { type: "input_image", image_url: "https://example.com/a.png", detail: "low" }]
      expect(parts(*own)).to eq(own)
    end

    {
      [] => /\Aprompt is an empty Array/,
      [{ type: "audio" }] => /\Aprompt\[0\]\.type is "audio", which the Responses API doesn't take/,
      [{ text: "Hello!" }] => /\Aprompt\[0\]\.type is missing/,
      [{ type: "text" }] => /\Aprompt\[0\]\.text is missing/,
      ["Hello!", { type: "text", text: 3 }] => /\Aprompt\[1\]\.text must be a String, not 3/,
      [{ type: "text", text: "\xff" }] => /\Aprompt\[0\]\.text isn't valid UTF-8/,
      [{ type: "image_url" }] => /\Aprompt\[0\]\.image_url must be|\Aprompt\[0\]\.image_url is missing/,
      [{ type: "image_url", image_url: {} }] => /\Aprompt\[0\]\.image_url\.url is missing/,
      [{ type: "image_file", image_file: { file_id: "" } }] => /\Aprompt\[0\]\.image_file\.file_id must be/,
      [{ type: "image_file", image_file: { file_id: "file-1", detail: 3 } }] => /image_file\.detail must be/,
      [3] => /\Aprompt\[0\] must be an object/
    }.each do |given, message|
      it "refuses #{given}" do
        expect { described_class.input(given) }.to raise_error(ArgumentError, message)
      end
    end

    it "refuses what is neither text nor parts" do
      expect { described_class.input(3) }.to raise_error(ArgumentError, /\Aprompt must be a String, not 3/)
      expect { described_class.input({}) }.to raise_error(ArgumentError, /\Aprompt must be a String, not an object/)
    end
  end

  describe ".items" do
    def items(*messages)
      described_class.items(messages).tap { |items| expect_valid("CreateResponse", { input: items }) }
    end

    it "makes an item of each message, in order" do
      expect(items({ role: "user", content: "Hello!" }, { "role" => "assistant", "content" => "Good morning." }))
        .to eq([{ type: "message", role: "user", content: "Hello!" },
                { type: "message", role: "assistant", content: "Good morning." }])
    end

    it "maps the parts of a user's message" do
      expect(items({ role: :user, content: [{ type: "text", text: "Look:" },
                                            { type: "image_file", image_file: { file_id: "file-1" } }] }))
        .to eq([{ type: "message", role: "user",
                  content: [{ type: "input_text", text: "Look:" },
                            { type: "input_image", file_id: "file-1", detail: "auto" }] }])
    end

    it "takes messages as a server listed them" do
      listed = { "id" => "msg_1", "object" => "thread.message", "created_at" => 1, "thread_id" => "thread_1",
                 "role" => "assistant", "assistant_id" => "asst_1", "run_id" => "run_1", "attachments" => [],
                 "metadata" => { "a" => "b" }, "status" => "completed", "completed_at" => 2, "incomplete_at" => nil,
                 "incomplete_details" => nil,
                 "content" => [{ "type" => "text", "text" => { "value" => "Sunny.", "annotations" => [] } },
                               { "type" => "refusal", "refusal" => "No more." }] }
      expect(items(listed)).to eq([{ type: "message", role: "assistant", content: "Sunny.\n\nNo more." }])
    end

    it "gives no items for no messages" do
      expect(items).to eq([])
    end

    {
      { role: "system", content: "x" } => /\Amessages\[0\]\.role must be "user" or "assistant", not "system"/,
      { content: "x" } => /\Amessages\[0\]\.role is missing/,
      { role: "user" } => /\Amessages\[0\]\.content is missing/,
      { role: "user", content: [] } => /\Amessages\[0\]\.content is an empty Array/,
      { role: "user", content: "x", attachments: [{ file_id: "file-1", tools: [] }] } =>
        /\Amessages\[0\]\.attachments can't be carried over/,
      { role: "user", content: "x", mood: "good" } => /\Amessages\[0\]\.mood can't be carried over/,
      { role: "assistant", content: [{ type: "image_file", image_file: { file_id: "file-1" } }] } =>
        /\Amessages\[0\]\.content\[0\] is image_file: of an assistant's message only text/,
      "Hello!" => /\Amessages\[0\] must be an object/
    }.each do |message, error|
      it "refuses #{message}" do
        expect { described_class.items([message]) }.to raise_error(ArgumentError, error)
      end
    end

    it "says by which name the messages were given" do
      expect { described_class.items([{}], field: "history") }.to raise_error(ArgumentError, /\Ahistory\[0\]\.role/)
      expect { described_class.items("Hello!") }.to raise_error(ArgumentError, /\Amessages must be an Array/)
    end
  end

  it "names the field of what it refuses" do
    expect { described_class.items([{ role: "user" }]) }
      .to raise_error(described_class::FieldError) { |error| expect(error.field).to eq("messages[0].content") }
  end
end
