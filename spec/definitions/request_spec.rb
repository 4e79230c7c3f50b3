# frozen_string_literal: true

require_relative "support/definition_files"

# What each field of a definition becomes in POST /responses.
RSpec.describe PromptTracker::Native::Definition, "#request" do
  include_context "with definitions"

  def stores(*ids) = { file_search: { vector_store_ids: ids } }

  def function(**fields) = { type: "function", function: { name: "get_weather", **fields } }

  after { expect_valid("CreateResponse", @definition.request) if @definition }

  it "sends the model, and of the three-field file no more" do
    expect(define.request).to eq(model: "gpt-4o")
  end

  it "sends nothing that only names the assistant" do
    expect(sent(id: "asst_1", object: "assistant", created_at: 1, name: "Ada", description: "Helps",
                metadata: { a: "b" })).to eq({})
  end

  it "is frozen, with all that is in it" do
    request = define(instructions: +"Hi", tools: [function(parameters: { type: "object" })]).request
    expect(Ractor.shareable?(request)).to be(true)
  end

  describe "instructions" do
    it "sends them" do
      expect(sent(instructions: "Be kind.")).to eq(instructions: "Be kind.")
    end

    it "leaves blank ones out" do
      expect([sent(instructions: ""), sent(instructions: " \n"), sent(instructions: nil)]).to all(eq({}))
    end

    it "takes text in other encodings as UTF-8" do
      expect(sent(instructions: "Grüße".encode("ISO-8859-1"))).to eq(instructions: "Grüße")
    end
  end

  describe "temperature and top_p" do
    it "are sent unless 1" do
      expect(sent(temperature: 0.2, top_p: 0)).to eq(temperature: 0.2, top_p: 0)
      expect(sent(temperature: 1.0, top_p: 1)).to eq({})
      expect(sent(temperature: nil, top_p: nil)).to eq({})
    end
  end

  it "sends reasoning_effort as reasoning.effort" do
    expect(sent(reasoning_effort: "low")).to eq(reasoning: { effort: "low" })
    expect(sent(reasoning_effort: nil)).to eq({})
  end

  describe "response_format" do
    it "is left out where it is auto or null" do
      expect(sent(response_format: "auto")).to eq({})
      expect(sent(response_format: nil)).to eq({})
    end

    it "goes as it is where it has only a type" do
      expect(sent(response_format: { type: "text" })).to eq(text: { format: { type: "text" } })
      expect(sent(response_format: { type: "json_object" })).to eq(text: { format: { type: "json_object" } })
    end

    it "is flattened where it has a schema" do
      schema = { "type" => "object", "properties" => { "city" => { "type" => "string" } } }
      format = { name: "place", description: "A place", schema: schema, strict: true }
      expect(sent(response_format: { type: "json_schema", json_schema: format }))
        .to eq(text: { format: { type: "json_schema", **format } })
    end

    it "says nothing of strict where the definition doesn't" do
      format = { name: "place", schema: { type: "object" }, strict: nil }
      expect(sent(response_format: { type: "json_schema", json_schema: format }))
        .to eq(text: { format: { type: "json_schema", name: "place", schema: { "type" => "object" } } })
    end

    it "can't do without a schema, there" do
      expect { define(response_format: { type: "json_schema", json_schema: { name: "place" } }) }
        .to definition_error(/response_format\.json_schema\.schema is missing/)
    end

    it "refuses what it doesn't know" do
      expect { define(response_format: "json") }.to definition_error(/response_format must be "auto" or an object/)
      expect { define(response_format: { type: "grammar" }) }.to definition_error(/response_format\.type is "grammar"/)
      expect { define(response_format: { type: "text", more: 1 }) }.to definition_error(/response_format\.more can't/)
      expect { define(response_format: 3) }.to definition_error(/response_format must be an object/)
    end
  end

  describe "function tools" do
    it "are flattened" do
      parameters = { "type" => "object", "properties" => { "city" => { "type" => "string" } } }
      expect(sent(tools: [function(description: "Looks outside", parameters: parameters, strict: true)]))
        .to eq(tools: [{ type: "function", name: "get_weather", description: "Looks outside", parameters: parameters,
                         strict: true }])
    end

    it "say strict: false where it is absent or null, as Responses would try to be strict" do
      expect(sent(tools: [function, function(strict: nil)])[:tools].map { |tool| tool[:strict] }).to eq([false, false])
    end

    it "have an empty object for parameters where they take none" do
      expect(sent(tools: [function, function(parameters: {})])[:tools].map { |tool| tool[:parameters] })
        .to all(eq(type: "object", properties: {}))
    end

    it "need a name" do
      expect { define(tools: [{ type: "function", function: {} }]) }
        .to definition_error(/tools\[0\]\.function\.name is missing/)
      expect { define(tools: [{ type: "function" }]) }.to definition_error(/tools\[0\]\.function is missing/)
    end
  end

  describe "file_search" do
    it "takes its vector stores from tool_resources" do
      expect(sent(tools: [{ type: "file_search" }], tool_resources: stores("vs_1", "vs_2")))
        .to eq(tools: [{ type: "file_search", vector_store_ids: %w[vs_1 vs_2] }])
    end

    it "has its options beside its type, and the ranker by its new name" do
      tool = { type: "file_search",
               file_search: { max_num_results: 5,
                              ranking_options: { ranker: "default_2024_08_21", score_threshold: 0.5 } } }
      expect(sent(tools: [tool], tool_resources: stores("vs_1"))[:tools].first)
        .to eq(type: "file_search", vector_store_ids: ["vs_1"], max_num_results: 5,
               ranking_options: { ranker: "auto", score_threshold: 0.5 })
    end

    it "is left out without a vector store, with a warning that is said once" do
      expect { define(tools: [{ type: "file_search" }]) }
        .to output(/\Aprompt_tracker-native: asst_1: tools\[0\] \(file_search\) is left out: .*needs one\n\z/).to_stderr
      expect(@definition.request).to eq(model: "gpt-4o")
      expect(@definition.warnings).to contain_exactly(/\Atools\[0\] \(file_search\) is left out: .*vector_store_ids/)
      expect { define(tools: [{ type: "file_search" }]) }.not_to output.to_stderr
    end

    it "asks for the results too where the setting says so" do
      settings.include_file_search_results = true
      expect(sent(tools: [{ type: "file_search" }], tool_resources: stores("vs_1")))
        .to include(include: ["file_search_call.results"])
      expect(sent).to eq({})
    end

    it "can't make vector stores" do
      expect { define(tools: [{ type: "file_search" }], tool_resources: { file_search: { vector_stores: [{}] } }) }
        .to definition_error(/tool_resources\.file_search\.vector_stores can't be carried over/)
    end
  end

  describe "code_interpreter" do
    def files(count) = { code_interpreter: { file_ids: Array.new(count) { |n| "file-#{n}" } } }

    it "has a container of its own, with the files" do
      expect(sent(tools: [{ type: "code_interpreter" }], tool_resources: files(2)))
        .to eq(tools: [{ type: "code_interpreter", container: { type: "auto", file_ids: %w[file-0 file-1] } }])
      expect(sent(tools: [{ type: "code_interpreter" }]))
        .to eq(tools: [{ type: "code_interpreter", container: { type: "auto" } }])
    end

    it "takes 50 files, and no more" do
      expect(sent(tools: [{ type: "code_interpreter" }], tool_resources: files(50))[:tools].size).to eq(1)
      expect { define(tools: [{ type: "code_interpreter" }], tool_resources: files(51)) }
        .to definition_error(/tool_resources\.code_interpreter\.file_ids names 51 files: .*at most 50/)
    end
  end

  it "warns of resources whose tool the assistant doesn't have" do
    settings.assistants = { asst_1: { model: "gpt-4o", tool_resources: stores("vs_1") } }
    definition = definitions.quietly { definitions.find("asst_1") }
    expect(definition.warnings).to eq(["tool_resources.file_search is left out: tools has no file_search"])
  end

  it "refuses other tools by name" do
    expect { define(tools: [function, { type: "web_search" }]) }
      .to definition_error(/tools\[1\]\.type is "web_search": function, file_search and code_interpreter are known/)
  end

  describe "what a definition may say for each run" do
    it "sends max_completion_tokens, parallel_tool_calls and tool_choice" do
      expect(sent(max_completion_tokens: 500, parallel_tool_calls: false, tool_choice: "required"))
        .to eq(max_output_tokens: 500, parallel_tool_calls: false, tool_choice: "required")
    end

    it "flattens the choice of a function" do
      expect(sent(tool_choice: { type: "function", function: { name: "f" } }))
        .to eq(tool_choice: { type: "function", name: "f" })
      expect(sent(tool_choice: { type: "function", name: "f" })).to eq(tool_choice: { type: "function", name: "f" })
      expect(sent(tool_choice: { type: "file_search" })).to eq(tool_choice: { type: "file_search" })
    end

    it "sends the truncation that the setting says where the strategy is auto, or none is named" do
      expect(sent(truncation_strategy: { type: "auto" })).to eq({})
      settings.truncation = "auto"
      expect(sent(truncation_strategy: { type: "auto", last_messages: nil })).to eq(truncation: "auto")
      expect(sent).to eq(truncation: "auto")
    end

    it "refuses other strategies" do
      expect { define(truncation_strategy: { type: "last_messages", last_messages: 3 }) }
        .to definition_error(/truncation_strategy\.type is "last_messages", which can't be carried over/)
    end
  end
end
