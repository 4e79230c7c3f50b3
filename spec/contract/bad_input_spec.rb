# frozen_string_literal: true

require_relative "../support/flows"

# What a caller may get wrong: an error that says what to give, before anything is sent.
RSpec.describe PromptTracker::OpenaiAssistantService, "with bad input", :server do
  error = described_class::AssistantError

  def refused(**keywords)
    described_class.new(assistant_id: "asst_1", prompt: "Hello!", **keywords)
  rescue ArgumentError => e
    expect(requests).to eq([])
    expect(e.message.ascii_only? || e.message.encoding).to be(true).or(be(Encoding::UTF_8))
    e.message
  else
    raise "nothing was raised"
  end

  describe "assistant_id:" do
    [nil, :asst_1, 1, ["asst_1"], { id: "asst_1" }].each do |id|
      it "must be a String, not #{id.inspect}" do
        expect(refused(assistant_id: id)).to include("assistant_id must be a String", id.inspect)
      end
    end

    ["", " ", "\n\t"].each do |id|
      it "must not be blank, as #{id.inspect} is" do
        expect(refused(assistant_id: id)).to start_with("assistant_id is blank")
      end
    end

    ["a/b", "a?b=c", "a#b", "a%2Fb", "a\r\nX-Evil: 1", "a\nb", "a\0b", "a b", "ä", "a\\b", "\xFF",
     "asst_1 "].each do |id|
      it "must hold nothing that has a meaning in a URL or a header, as #{id.inspect} does" do
        expect(refused(assistant_id: id)).to start_with("assistant_id holds characters that an id can't hold")
      end
    end

    ["..", ".", ".hidden"].each do |id|
      it "must not begin with a dot, as #{id.inspect} does" do
        expect(refused(assistant_id: id)).to include("assistant_id")
      end
    end

    it "may be a bare UUID" do
      expect(ask(assistant_id: "0b5e7a3c-9c1e-4d57-8a33-6f2f5c2a9b1d")[:text]).to be_a(String)
    end
  end

  describe "thread_id:" do
    ["", "a/../b", "thread_1/runs", "a?b", "a\r\nb", 1, :thread_1].each do |id|
      it "must be an id, unlike #{id.inspect}" do
        expect(refused(thread_id: id)).to start_with("thread_id ")
      end
    end
  end

  describe "prompt:" do
    [nil, 1, :hello, { role: "user" }, Object.new].each do |prompt|
      it "must be a String or an Array, not a #{prompt.class}" do
        expect(refused(prompt: prompt)).to include("prompt must be a String or an Array", prompt.class.to_s)
      end
    end

    { "" => "blank", " \n\t" => "blank", [] => "empty" }.each do |prompt, said|
      it "must have something in it, unlike #{prompt.inspect}" do
        expect(refused(prompt: prompt)).to include(said)
      end
    end

    [[nil], [1], [["Hello!"]]].each do |prompt|
      it "must be made of content parts, unlike #{prompt.inspect}" do
        expect(refused(prompt: prompt)).to start_with("a part of the prompt must be")
      end
    end

    {
      "invalid UTF-8" => "Hello \xFF", "a cut-off character" => "Gr\xC3", "an overlong form" => "\xC0\xAF",
      "an encoded surrogate" => "\xED\xA0\xBD", "binary that is no UTF-8" => "\xFF\xFE".b,
      "UTF-16 with half a pair" => "\xD8\x3D".dup.force_encoding("UTF-16BE")
    }.each do |name, prompt|
      it "must be valid text, unlike #{name}" do
        expect(refused(prompt: prompt)).to include("prompt is not valid UTF-8", "scrub")
      end
    end

    (Flows::OWN + Flows::RESPONSES).each do |flow|
      context flow.name, wire: flow.wire do
        include_context "with a flow", flow

        it "must be valid text inside content parts too", :common do
          expect { call(prompt: [{ type: "text", text: "Gr\xC3" }]) }.to raise_error(ArgumentError, /not valid UTF-8/)
          expect(requests).to eq([])
        end

        it "may be 1 MB long", :common do
          prompt = "Grüße \u{1F30D} " * 80_000
          call(prompt: prompt)
          expect(prompt.bytesize).to be > 1_000_000
          expect(sent_message["content"]).to eq(prompt)
        end

        it "may hold what JSON has to escape", :common do
          prompt = "#{(0..0x7f).map(&:chr).join}\u2028\u2029\u{10FFFF}\uFEFF\"\\/"
          call(prompt: prompt)
          expect(sent_message["content"]).to eq(prompt)
        end
      end
    end
  end

  describe "timeout:" do
    [nil, 0, -1, -0.5, Float::NAN, "soon", Object.new, :soon].each do |timeout|
      it "must be more than 0 seconds, unlike #{timeout.class}" do
        expect(refused(timeout: timeout)).to start_with("timeout must be")
      end
    end

    it "may be endless" do
      expect(ask(timeout: Float::INFINITY)[:text]).to be_a(String)
    end
  end

  describe "tools:" do
    [[], "get_weather", { "get_weather" => 1 }, { 1 => -> {} }].each do |tools|
      it "must be a Hash of names and handlers, unlike #{tools.inspect}" do
        expect(refused(tools: tools)).to start_with("tools must")
      end
    end
  end

  describe "options" do
    it "must be valid text" do
      expect { ask(instructions: "\xFF") }.to raise_error(ArgumentError, /not valid UTF-8/)
      expect { ask(metadata: { "k" => ["\xFF"] }) }.to raise_error(ArgumentError, /not valid UTF-8/)
      expect(requests).to eq([])
    end

    it "must be what JSON can hold" do
      expect { ask(temperature: Float::NAN) }.to raise_error(ArgumentError, /JSON/)
      loop_of = {}
      loop_of["self"] = loop_of
      expect { ask(metadata: loop_of) }.to raise_error(ArgumentError, /nested/)
      expect(requests).to eq([])
    end
  end

  describe "a key" do
    ["sk-a\r\nX-Evil: 1", "sk-a\nb", "sk-a\rb", "sk-a\0b", "sk-a\x7Fb"].each do |key|
      (Flows::OWN + Flows::RESPONSES).each do |flow|
        it "can't carry a header into the request, as #{key.inspect} would (#{flow.name})", :common, wire: flow.wire do
          singleton_class.include(flow.helpers) if flow.helpers
          flow.prepare(self)
          allow(ENV).to receive(:[]).and_call_original
          allow(ENV).to receive(:[]).with("OPENAI_API_KEY").and_return(key)
          raised = failure_of { flow.call(assistant_id: "asst_1", prompt: "Hello!") }
          expect(raised).to be_instance_of(error)
          expect(raised.message).to match(/header Authorization holds/)
          expect(raised.full_message).not_to include("sk-a")
          expect(requests).to eq([])
        end
      end
    end
  end

  it "is an AssistantError too where a subclass's own client can't work" do
    subclass = Class.new(described_class) do
      private

      def build_client = PromptTracker::Native::Client.new(access_token: "sk-a\nb")
    end
    expect { subclass.call(assistant_id: "asst_1", prompt: "Hello!") }.to raise_error(error, /header Authorization/)
  end

  describe "a base URL" do
    ["not a url", "api.openai.com/v1", "ftp://127.0.0.1/v1", "http://", "http:///v1", "http://user:secret@127.0.0.1/v1",
     "http://127.0.0.1/v1?key=secret", "http://127.0.0.1/v1#x", "http://127.0.0.1:99999/v1", "http://127.0.0.1:port/v1",
     "http://127.0.0.1/v1\r\nX-Evil: 1", "http://127.0 .0.1/v1", "http://ä.example/v1",
     "file:///etc/passwd"].each do |url|
      it "that can't work is an AssistantError that names the variable: #{url.inspect}" do
        ENV["OPENAI_BASE_URL"] = url
        raised = failure_of { ask }
        expect(raised).to be_instance_of(error)
        expect(raised.message).to match(/OPENAI_BASE_URL|base URL/)
        expect(raised.message).not_to include("secret")
      end
    end
  end
end
