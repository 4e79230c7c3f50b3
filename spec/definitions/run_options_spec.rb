# frozen_string_literal: true

require_relative "support/definition_files"

RSpec.describe PromptTracker::Native::Definition, "#request_with" do
  include_context "with definitions"

  let(:definition) do
    define(instructions: "Be kind.", temperature: 0.2, metadata: { team: "search" },
           tools: [{ type: "file_search" }, { type: "code_interpreter" }],
           tool_resources: { file_search: { vector_store_ids: ["vs_1"] } })
  end

  def with(**options) = definition.request_with(options)

  it "gives the request as it is, to be changed by whoever asked, where the run says nothing" do
    [nil, {}].each do |options|
      request = definition.request_with(options)
      expect(request).to eq(definition.request)
      expect { request[:input] = "Hello!" }.not_to(change(definition, :request))
    end
  end

  it "lets the run's own values take the place of the assistant's" do
    expect(with(model: "gpt-4.1", instructions: "Be brief.", temperature: 0.9, top_p: 0.5, reasoning_effort: "low"))
      .to include(model: "gpt-4.1", instructions: "Be brief.", temperature: 0.9, top_p: 0.5,
                  reasoning: { effort: "low" })
  end

  it "takes back the assistant's temperature where the run says 1" do
    expect(with(temperature: 1)).not_to have_key(:temperature)
  end

  it "leaves the assistant's value where the run says null" do
    expect(with(model: nil, temperature: nil, instructions: nil)).to eq(definition.request)
  end

  it "puts additional instructions after the instructions, whoever gives those" do
    expect(with(additional_instructions: "Be brief.")[:instructions]).to eq("Be kind.\n\nBe brief.")
    expect(with(instructions: "Rhyme.", additional_instructions: "Be brief.")[:instructions])
      .to eq("Rhyme.\n\nBe brief.")
    expect(define.request_with(additional_instructions: "Be brief.")[:instructions]).to eq("Be brief.")
    expect(with(additional_instructions: "")[:instructions]).to eq("Be kind.")
  end

  it "sends the run's limits, choice and format" do
    request = with(max_completion_tokens: 300, tool_choice: { type: "function", function: { name: "f" } },
                   parallel_tool_calls: true, response_format: { type: "json_object" })
    expect(request).to include(max_output_tokens: 300, tool_choice: { type: "function", name: "f" },
                               parallel_tool_calls: true, text: { format: { type: "json_object" } })
    expect_valid("CreateResponse", request)
  end

  it "sends the run's metadata, and never the assistant's" do
    expect(with(metadata: { user: "7" })).to include(metadata: { "user" => "7" })
    expect(with(top_p: 0.5)).not_to have_key(:metadata)
    expect(with(metadata: {})).not_to have_key(:metadata)
  end

  it "sends at most 16 keys of metadata" do
    keys = ->(count) { Array.new(count) { |n| ["key#{n}", "x"] }.to_h }
    expect(with(metadata: keys[16])[:metadata].size).to eq(16)
    expect { with(metadata: keys[17]) }.to raise_error(ArgumentError, /\Ametadata has 17 keys: at most 16/)
  end

  it "lets the run's tools take the place of the assistant's, with the assistant's resources" do
    expect(with(tools: [{ type: "file_search" }])[:tools])
      .to eq([{ type: "file_search", vector_store_ids: ["vs_1"] }])
    expect(with(tools: [])).not_to have_key(:tools)
  end

  it "lets the run's resources take the place of the assistant's, each kind by itself" do
    request = with(tool_resources: { code_interpreter: { file_ids: ["file-1"] } })
    expect(request[:tools]).to eq([{ type: "file_search", vector_store_ids: ["vs_1"] },
                                   { type: "code_interpreter", container: { type: "auto", file_ids: ["file-1"] } }])
    expect(with(tool_resources: { file_search: { vector_store_ids: ["vs_2"] } })[:tools].first)
      .to eq(type: "file_search", vector_store_ids: ["vs_2"])
  end

  it "warns where a tool of the run is left out" do
    plain = define
    expect { plain.request_with(tools: [{ type: "file_search" }, { type: "code_interpreter" }]) }
      .to output(/asst_1: tools\[0\] \(file_search\) is left out/).to_stderr
  end

  it "gives additional messages as input" do
    request = with(additional_messages: [{ role: "user", content: "Hello!" }])
    expect(request[:input]).to eq([{ type: "message", role: "user", content: "Hello!" }])
    expect_valid("CreateResponse", request)
    expect(with(additional_messages: [])).not_to have_key(:input)
  end

  it "says nothing of what the caller carries" do
    expect(with(assistant_id: "asst_1", stream: true)).to eq(definition.request)
  end

  it "takes Strings and Symbols as names" do
    expect(definition.request_with("top_p" => 0.5, "response_format" => { type: :text }))
      .to include(top_p: 0.5, text: { format: { type: "text" } })
  end

  it "sends the truncation of the setting where the run's strategy is auto" do
    settings.truncation = "disabled"
    expect(with(truncation_strategy: { type: "auto" })).to include(truncation: "disabled")
  end

  {
    { max_prompt_tokens: 500 } => /\Amax_prompt_tokens can't be carried over/,
    { truncation_strategy: { type: "last_messages", last_messages: 3 } } => /\Atruncation_strategy\.type is "last_mess/,
    { temperature: "hot" } => /\Atemperature must be a number, not a String/,
    { max_completion_tokens: 1.5 } => /\Amax_completion_tokens must be an Integer, not 1\.5/,
    { instructions: 3 } => /\Ainstructions must be a String, not 3/,
    { instructions: "\xff" } => /\Ainstructions isn't valid UTF-8/,
    { metadata: [] } => /\Ametadata must be an object/,
    { tools: {} } => /\Atools must be an Array, not an object/,
    { tools: [{ type: "browser" }] } => /\Atools\[0\]\.type is "browser"/,
    { tool_choice: 3 } => /\Atool_choice must be a String/,
    { tool_choice: { type: "function" } } => /\Atool_choice\.function\.name is missing/,
    { parallel_tool_calls: "yes" } => /\Aparallel_tool_calls must be true or false/,
    { additional_messages: [{ role: "system", content: "x" }] } => /\Aadditional_messages\[0\]\.role must be "user"/,
    { frequency_penalty: 1 } => /\Aunknown fields of a run: frequency_penalty/,
    { thread: {} } => /\Aunknown fields of a run: thread/
  }.each do |options, message|
    it "refuses #{options}" do
      expect { with(**options) }.to raise_error(ArgumentError, message)
    end
  end
end
