# frozen_string_literal: true

# What a call returns.
RSpec.shared_examples "the result of an assistant call" do |flow|
  # Every value below an object, the object included. Keys are left out: Ruby freezes a Hash's String keys.
  def values_below(object)
    below = case object
            when Hash then object.values
            when Array then object
            else []
            end
    [object, *below.flat_map { |value| values_below(value) }]
  end

  def strings_below(object) = values_below(object).grep(String)

  def hashes_below(object) = values_below(object).grep(Hash)

  def blocks(result) = result[:raw][:assistant_message]["content"].map { |block| block["type"] }

  describe "the Hash", :common do
    it "has exactly these keys, in this order" do
      result = call
      expect(result.keys).to eq(%i[text usage model raw])
      expect(result[:usage].keys).to eq(%i[prompt_tokens completion_tokens total_tokens])
      expect(result[:raw].keys).to eq(flow.raw_keys)
    end

    it "is a plain Hash, and so is every Hash in it" do
      expect(hashes_below(call)).to all(be_instance_of(Hash))
    end

    it "has what the server said" do
      server.answer("It is sunny.", usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 })
      expect(call(assistant_id: "asst_abc123")).to include(
        text: "It is sunny.", model: "asst_abc123",
        usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 }
      )
    end

    it "has the ids, the message and the run as the server has them" do
      raw = call[:raw]
      run = runs_at_server.first
      expect(raw).to include(thread_id: run.thread_id, run_id: run.id)
      expect(raw[:run]).to include("id" => run.id, "object" => "thread.run", "status" => "completed")
      expect(raw[:assistant_message])
        .to include("object" => "thread.message", "role" => "assistant", "run_id" => run.id)
    end

    it "has the message under two names" do
      raw = call[:raw]
      expect(raw[:message]).to be(raw[:assistant_message])
    end

    it "has String keys inside raw, as parsed JSON" do
      raw = call[:raw]
      keys = hashes_below(raw[:assistant_message]).concat(hashes_below(raw[:run])).flat_map(&:keys)
      expect(keys).not_to be_empty
      expect(keys).to all(be_a(String))
    end

    it "can be changed, down to the last String" do
      result = call
      frozen = values_below(result).select { |value| value.is_a?(Enumerable) || value.is_a?(String) }.select(&:frozen?)
      expect(frozen).to eq([])
      result[:cost] = 1
      expect { result[:text] << "!" }.to change { result[:text].length }.by(1)
    end

    it "shares no String with the caller" do
      given = +"asst_abc123"
      result = call(assistant_id: given)
      result[:model] << "?"
      expect(given).to eq("asst_abc123")
    end

    it "has unfrozen Strings also for a frozen assistant id" do
      expect(call(assistant_id: "asst_abc123".freeze)[:model]).not_to be_frozen # rubocop:disable Style/RedundantFreeze
    end

    it "has valid UTF-8 everywhere" do
      text = "Grüße aus 東京 🌍👩‍🚀\n\tund\u0000 zurück \u{10FFFF}"
      server.answer(text)
      result = call
      expect(result[:text]).to eq(text)
      expect(strings_below(result).reject { |s| s.encoding == Encoding::UTF_8 && s.valid_encoding? }).to eq([])
    end

    it "belongs to one run only" do
      call
      expect(runs_at_server.size).to eq(1)
    end
  end

  describe "usage" do
    it "is zeros where the server gives null", :common do
      server.answer("It is sunny.", usage: nil)
      expect(call[:usage]).to eq(prompt_tokens: 0, completion_tokens: 0, total_tokens: 0)
    end

    it "is zeros where the server says nothing of it", :common do
      server.quirk(:run_missing_fields)
      expect(call[:usage]).to eq(prompt_tokens: 0, completion_tokens: 0, total_tokens: 0)
    end

    it "is zero for the counts that are missing", :assistants_only do
      server.answer("It is sunny.", usage: { "completion_tokens" => 7 })
      expect(call[:usage]).to eq(prompt_tokens: 0, completion_tokens: 7, total_tokens: 0)
    end
  end

  describe "text", :common do
    it "joins the message's text blocks with a blank line" do
      server.quirk(:text_blocks)
      server.answer("One.\n\nTwo.\n\nThree.")
      result = call
      expect(result[:text]).to eq("One.\n\nTwo.\n\nThree.")
      expect(blocks(result)).to eq(%w[text text text])
    end

    it "leaves image blocks out, which stay in the message" do
      server.quirk(:image_blocks)
      server.answer("It is sunny.")
      result = call
      expect(result[:text]).to eq("It is sunny.")
      expect(blocks(result)).to contain_exactly("image_file", "text", "image_file")
    end

    it "is nil where the message has none" do
      server.quirk(:no_text)
      result = call
      expect(result).to include(text: nil)
      expect(blocks(result)).to eq(%w[image_file])
    end

    it "is nil where the message is empty" do
      server.quirk(:empty_content)
      expect(call).to include(text: nil)
    end

    it "is the last message's where one run wrote several" do
      server.answer(["Let me see.", "It is sunny."])
      result = call
      expect(result[:text]).to eq("It is sunny.")
      expect(result[:raw][:assistant_message].dig("content", 0, "text", "value")).to eq("It is sunny.")
    end

    it "is long where the answer is" do
      text = "Ü" * 200_000
      server.answer(text, deltas: text.scan(/.{1,5000}/m))
      expect(call[:text]).to eq(text)
    end
  end

  describe "the prompt", :common do
    it "is sent as it is" do
      call(prompt: "What's the weather in „Berlin“? \u{1F327}\n")
      expect(sent_message).to include("role" => "user", "content" => "What's the weather in „Berlin“? \u{1F327}\n")
    end

    it "may be content parts" do
      parts = [{ type: "text", text: "What is this?" },
               { "type" => "image_file", "image_file" => { "file_id" => "f" } }]
      call(prompt: parts)
      expect(sent_message["content"]).to eq(flow.parts(JSON.parse(JSON.generate(parts))))
    end

    it "is transcoded to UTF-8" do
      call(prompt: "Grüße".encode(Encoding::ISO_8859_1))
      expect(sent_message["content"]).to eq("Grüße")
    end

    it "may be binary that is UTF-8, and stays as it was" do
      prompt = "Grüße".b.freeze
      call(prompt: prompt)
      expect(sent_message["content"]).to eq("Grüße")
      expect(prompt.encoding).to be(Encoding::BINARY)
    end
  end

  describe "what goes over the wire" do
    it "is just these requests: #{flow.request_lines.join(", ")}", :common do
      call
      expect(request_lines).to eq(flow.request_lines)
    end

    it "carries key and beta header, and the body's type", :assistants_only do
      call
      expect(requests.map(&:headers)).to all(
        include("authorization" => "Bearer #{SharedServer::KEY}", "openai-beta" => "assistants=v2")
      )
      expect(run_requests.first.headers["content-type"]).to start_with("application/json")
    end

    it "names the assistant", :assistants_only do
      call(assistant_id: "asst_abc123")
      expect(run_requests.first.body["assistant_id"]).to eq("asst_abc123")
    end

    it "carries the key and the body's type, and no beta header", :responses_only do
      call
      expect(requests.map(&:headers)).to all(include("authorization" => "Bearer #{SharedServer::KEY}"))
      expect(requests.flat_map { |request| request.headers.keys }).not_to include("openai-beta")
      expect(run_requests.first.headers["content-type"]).to start_with("application/json")
    end

    it "is made from the definition, and names no assistant", :responses_only do
      define_assistant(instructions: "Be brief.", temperature: 0.2, metadata: { "a" => "b" })
      call
      asked = { "stream" => (true if flow.streams?), "background" => (true if flow.background?) }.compact
      expect(run_requests.first.body).to eq("model" => "gpt-4o", "instructions" => "Be brief.", "temperature" => 0.2,
                                            "input" => "Hello!", "store" => true, **asked)
    end
  end

  describe "raw[:response]", :responses_only do
    it "is the response as the server has it" do
      result = call
      expect(result[:raw][:response]).to include("object" => "response", "status" => "completed",
                                                 "id" => result[:raw][:run_id])
      expect(result[:raw][:response]).to eq(server.responses.first)
    end
  end

  if flow.respond_to?(:deltas)
    describe "the block", :common do
      it "gets the text in pieces" do
        pieces = ["It ", "is ", "sunny ", "🌍", "."]
        server.answer(deltas: pieces)
        result = call
        expect(flow.deltas).to eq(pieces)
        expect(result[:text]).to eq(pieces.join)
      end

      it "gets unfrozen UTF-8" do
        call
        expect(flow.deltas).to all(satisfy { |delta| !delta.frozen? && delta.encoding == Encoding::UTF_8 })
      end
    end
  end
end
