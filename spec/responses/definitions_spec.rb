# frozen_string_literal: true

require "tmpdir"
require_relative "support"

# Which wire a call takes, and definitions that can't be used.
RSpec.describe PromptTracker::OpenaiAssistantService, "with definitions", :server do
  include ResponsesAtServer

  error = described_class::AssistantError

  around { |example| Dir.mktmpdir { |folder| (@folder = folder) && example.run } }

  before { PromptTracker::Native.configure { |c| c.assistants_path = @folder } }

  def file(name = "asst_1.json") = File.join(@folder, name)

  def define(text, name = "asst_1.json")
    File.write(file(name), text.is_a?(String) ? text : JSON.generate(text))
  end

  it "takes the Responses API where an assistant has one, and the Assistants API else" do
    define({ id: "asst_1", model: "gpt-4o" })
    ask
    ask(assistant_id: "asst_2")
    expect(request_lines).to eq(["POST /responses", "POST /threads/runs"])
  end

  it "takes the API that the setting names" do
    define({ model: "gpt-4o" })
    PromptTracker::Native.configure { |c| c.api = :assistants }
    ask
    expect(request_lines).to eq(["POST /threads/runs"])
  end

  it "names the places that it looked in where the setting wants Responses and there is none" do
    PromptTracker::Native.configure { |c| c.api = :responses }
    raised = failure_of { ask }
    expect(raised).to be_instance_of(error)
    expect(raised.message).to start_with("Failed to run assistant: no definition of asst_1 was found.")
      .and include("config.assistants (not set)", file)
    expect(requests).to eq([])
  end

  {
    "no JSON" => ["{\"model\": ", /isn't valid JSON/], "an Array" => ["[]", /must hold one JSON object/],
    "nothing" => ["", /is empty/], "no model" => [{ instructions: "Be brief." }, /model/],
    "a model that is no String" => [{ model: 5 }, /model/],
    "a field of the wrong type" => [{ model: "gpt-4o", temperature: "hot" }, /temperature/],
    "an unknown field" => [{ model: "gpt-4o", colour: "red" }, /colour/],
    "an unknown tool" => [{ model: "gpt-4o", tools: [{ type: "telepathy" }] }, /tools\[0\]\.type/],
    "another assistant's id" => [{ id: "asst_2", model: "gpt-4o" }, /\bid\b.*asst_2/],
    "a field that can't be carried over" => [{ model: "gpt-4o", max_prompt_tokens: 5 }, /max_prompt_tokens/]
  }.each do |name, (text, field)|
    it "names file and field where a definition is wrong: #{name}" do
      define(text)
      raised = failure_of { ask }
      expect(raised).to be_instance_of(error)
      expect(raised.message).to start_with("Failed to run assistant: ").and include(file).and match(field)
      expect(raised.cause).to be_a(PromptTracker::Native::DefinitionError)
      expect(requests).to eq([])
    end
  end

  it "reads no file outside of its folder, whatever the id" do
    File.write(File.join(File.dirname(@folder), "outside.json"), JSON.generate(model: "gpt-4o"))
    ["../outside", "..%2Foutside", "/etc/passwd", "a/../../outside", "..\\outside"].each do |id|
      expect { ask(assistant_id: id) }.to raise_error(ArgumentError, /assistant_id/)
      expect(PromptTracker::Native::Definitions.find(id)).to be_nil
    end
    expect(requests).to eq([])
  ensure
    FileUtils.rm_f(File.join(File.dirname(@folder), "outside.json"))
  end

  it "reports what the server refuses of a definition" do
    define({ model: "o1", temperature: 0.5 })
    raised = failure_of { ask }
    expect(raised).to have_attributes(status: 400, code: "unsupported_parameter", param: "temperature")
    expect(raised.message).to start_with("Failed to run assistant: Unsupported parameter: 'temperature'")
  end
end
