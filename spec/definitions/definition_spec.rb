# frozen_string_literal: true

require_relative "support/definition_files"

RSpec.describe PromptTracker::Native::Definition do
  include_context "with definitions"

  describe "#to_h" do
    it "is complete where the definition says only the model" do
      write("asst_f", model: "gpt-4o")
      object = definitions.find("asst_f").to_h
      expect(object).to include(
        "id" => "asst_f", "object" => "assistant", "created_at" => File.mtime(path("asst_f")).to_i, "name" => nil,
        "description" => nil, "model" => "gpt-4o", "instructions" => nil, "tools" => [], "tool_resources" => {},
        "metadata" => {}, "temperature" => 1.0, "top_p" => 1.0, "response_format" => "auto"
      )
      expect_valid("AssistantObject", object)
    end

    it "gives back what GET /v1/assistants/{id} had said" do
      said = {
        "id" => "asst_f", "object" => "assistant", "created_at" => 1_700_000_000, "name" => "Ada",
        "description" => nil, "model" => "gpt-4o", "instructions" => "Be kind.",
        "tools" => [{ "type" => "function", "function" => { "name" => "f", "parameters" => { "type" => "object" } } }],
        "tool_resources" => {}, "metadata" => { "team" => "search" }, "temperature" => nil, "top_p" => 0.5,
        "reasoning_effort" => nil, "response_format" => { "type" => "json_object" }
      }
      write("asst_f", said)
      expect(definitions.find("asst_f").to_h).to eq(said)
      expect_valid("AssistantObject", said)
    end

    it "is a copy, which may be changed" do
      definition = define(metadata: { a: "b" })
      object = definition.to_h
      object["metadata"]["a"] << "!"
      object["tools"] << "more"
      expect(definition.to_h).to include("metadata" => { "a" => "b" }, "tools" => [])
    end
  end

  it "says what it is, without its instructions" do
    definition = define(name: "Ada", instructions: "secret")
    expect(definition).to have_attributes(id: "asst_1", model: "gpt-4o", name: "Ada", warnings: [],
                                          source: 'config.assistants["asst_1"]')
    expect(definition.inspect).to eq("#<PromptTracker::Native::Definition asst_1 model=\"gpt-4o\" " \
                                     "source=\"config.assistants[\\\"asst_1\\\"]\">")
  end

  it "never changes" do
    expect(define).to be_frozen
  end

  describe "what is wrong with a definition" do
    {
      { model: nil } => /model is missing: it must be a String such as "gpt-4o"/,
      { model: "" } => /model must be a String such as "gpt-4o", not an empty String/,
      { model: 4 } => /model must be a String such as "gpt-4o", not 4/,
      { id: "asst_2" } => /id is "asst_2", not "asst_1"/,
      { object: "thread" } => /object is "thread", not "assistant"/,
      { created_at: "yesterday" } => /created_at must be an Integer/,
      { name: 3 } => /name must be a String/,
      { description: [] } => /description must be a String, not an Array/,
      { instructions: {} } => /instructions must be a String, not an object/,
      { metadata: "a" } => /metadata must be an object/,
      { temperature: "0.5" } => /temperature must be a number, not a String/,
      { top_p: true } => /top_p must be a number, not true/,
      { reasoning_effort: 3 } => /reasoning_effort must be a String such as "medium"/,
      { tools: "file_search" } => /tools must be an Array/,
      { tools: ["file_search"] } => /tools\[0\] must be an object \(a Hash\), not a String/,
      { tools: [{}] } => /tools\[0\]\.type is missing/,
      { tools: [{ type: "function", function: { name: "f", parameters: "x" } }] } =>
        /tools\[0\]\.function\.parameters must be an object/,
      { tools: [{ type: "code_interpreter", container: "x" }] } => /tools\[0\]\.container can't be carried over/,
      { tool_resources: [] } => /tool_resources must be an object/,
      { tool_resources: { browser: { id: 1 } } } => /tool_resources\.browser can't be carried over/,
      { tools: [{ type: "file_search" }], tool_resources: { file_search: { vector_store_ids: "vs_1" } } } =>
        /tool_resources\.file_search\.vector_store_ids must be an Array/,
      { tools: [{ type: "file_search" }], tool_resources: { file_search: { vector_store_ids: [1] } } } =>
        /tool_resources\.file_search\.vector_store_ids\[0\] must be a String such as "vs_abc123"/,
      { max_prompt_tokens: 500 } => /max_prompt_tokens can't be carried over/,
      { voice: "alto" } => /voice can't be carried over to the Responses API; known here: id, object/
    }.each do |fields, message|
      it "names the place and the field: #{fields}" do
        expect { define(**fields) }.to definition_error(/\Aconfig\.assistants\["asst_1"\]: #{message}/)
      end
    end

    it "keeps the place and the field apart, too" do
      expect { define(top_p: true) }.to raise_error(PromptTracker::Native::DefinitionError) { |error|
        expect(error).to have_attributes(source: 'config.assistants["asst_1"]', field: "top_p")
      }
    end

    it "is a mistake of the configuration" do
      expect(PromptTracker::Native::DefinitionError).to be < PromptTracker::Native::ConfigurationError
    end

    it "doesn't mind an unknown field with nothing in it" do
      expect(sent(file_ids: [], voice: nil, note: "", more: {})).to eq({})
    end
  end
end
