# frozen_string_literal: true

require_relative "../support/flows"

# A block gets the whole text whichever way it came: in pieces, at once, or after a stream had broken.
RSpec.describe PromptTracker::OpenaiAssistantService, "with a block", :server do
  def pieces(id, **options)
    texts = []
    @result = described_class.call(assistant_id: id, prompt: "Hello!", **options) { |text| texts << text }
    texts
  end

  { "asst_plain" => "Assistants", "asst_defined" => "Responses" }.each do |id, wire|
    describe "on the #{wire} wire" do
      before { PromptTracker::Native.configuration.assistants = { asst_defined: { model: "gpt-4o" } } }

      it "yields the text in pieces" do
        server.answer("one two three")
        expect(pieces(id)).to eq(["one", " two", " three"])
      end

      it "yields an answer that came at once, at once" do
        server.answer("one two three", times: 2)
        expect(pieces(id, flow: :polling)).to eq(["one two three"])
        server.quirk(:json_for_stream)
        expect(pieces(id)).to eq(["one two three"])
      end

      it "yields the rest of an answer whose stream broke" do
        server.answer("one two three")
        found = id == "asst_defined" ? { found: true } : {}
        server.breaks_stream(after: id == "asst_plain" ? :message_delta : :output_text_delta, **found)
        expect(pieces(id).join).to eq("one two three")
        expect(@result[:text]).to eq("one two three")
      end

      it "yields nothing where there is no text" do
        server.quirk(:empty_content)
        expect(pieces(id).join).to eq(@result[:text].to_s)
      end
    end
  end
end
