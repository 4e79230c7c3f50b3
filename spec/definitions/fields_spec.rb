# frozen_string_literal: true

require_relative "support/definition_files"

RSpec.describe PromptTracker::Native::Mapping::Fields do
  include OpenAPIExamples

  made_there = %w[id object created_at]
  own = described_class::RUN_ONLY.keys + ["reasoning_effort"]
  {
    "AssistantObject" => described_class::ASSISTANT.keys - own,
    "CreateAssistantRequest" => described_class::ASSISTANT.keys - [*described_class::RUN_ONLY.keys, *made_there],
    "CreateRunRequest" => described_class::RUN.keys,
    "CreateThreadAndRunRequest" => described_class::THREAD_AND_RUN.keys - ["reasoning_effort"],
    "CreateMessageRequest" => described_class::CREATED_MESSAGE.keys,
    "MessageObject" => described_class::MESSAGE.keys,
    "CreateThreadRequest" => described_class::THREAD.keys
  }.each do |schema, fields|
    it "has a fate for every field of #{schema}, and invents none" do
      need_openapi
      expect(fields).to match_array(OpenAPI.fields(schema))
    end
  end

  it "knows three fates, and says of each field how" do
    tables = described_class.constants.map { |name| described_class.const_get(name) }.grep(Hash)
    fields = tables.flat_map(&:values)
    expect(fields.map(&:fate).uniq).to contain_exactly(:mapped, :kept, :refused)
    expect(fields.map(&:how)).to all(match(/\S/))
  end

  describe "docs/mapping.md" do
    text = File.read(File.expand_path("../../docs/mapping.md", __dir__), encoding: "UTF-8")
    words = { mapped: "sent", kept: "not sent", refused: "an error" }
    {
      "AssistantObject" => :ASSISTANT, "CreateRunRequest" => :RUN, "CreateThreadAndRunRequest" => :THREAD_AND_RUN,
      "CreateThreadRequest" => :THREAD, "CreateMessageRequest" => :CREATED_MESSAGE
    }.each do |schema, table|
      it "has the table of #{schema} as the gem has it" do
        section = text[/^### [^\n]*\(#{schema}\)\n(.*?)(?=^##)/m, 1]
        rows = section.scan(/^\| `(\w+)` \| ([^|]+) \| (.+) \|$/)
        expected = described_class.const_get(table).map { |name, field| [name, words.fetch(field.fate), field.how] }
        expect(rows).to eq(expected)
      end
    end
  end

  describe "a field that is mapped" do
    include_context "with definitions"

    values = {
      "model" => "gpt-4.1", "instructions" => "Be kind.", "temperature" => 0.5, "top_p" => 0.5,
      "reasoning_effort" => "low", "response_format" => { "type" => "json_object" },
      "tools" => [{ "type" => "function", "function" => { "name" => "f" } }], "tool_choice" => "required",
      "max_completion_tokens" => 500, "parallel_tool_calls" => false,
      "additional_instructions" => "Be brief.", "metadata" => { "a" => "b" },
      "additional_messages" => [{ "role" => "user", "content" => "Hello!" }]
    }
    # These change the request only together with others; they have examples of their own.
    elsewhere = %w[tool_resources truncation_strategy]

    described_class::CHANGES.select { |_, field| field.fate == :mapped }.each_key do |name|
      next if elsewhere.include?(name)

      it "changes the request: #{name}" do
        definition = define
        expect(definition.request_with(name => values.fetch(name))).not_to eq(definition.request)
      end
    end

    described_class::CHANGES.select { |_, field| field.fate == :refused }.each_key do |name|
      it "is refused by name: #{name}" do
        expect { define.request_with(name => 300) }.to raise_error(ArgumentError, /\A#{name} can't be carried over/)
        expect { define(name.to_sym => 300) }.to definition_error(/: #{name} can't be carried over/)
      end
    end
  end
end
