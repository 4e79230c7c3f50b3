# frozen_string_literal: true

require_relative "support/definition_files"
require_relative "support/engine"

RSpec.describe PromptTracker::Native::Definitions::EngineRecords do
  include_context "with definitions"
  include Engine

  let(:told) do
    { "model" => "gpt-4o", "instructions" => "Be kind.", "tools" => [{ "type" => "file_search" }], "file_ids" => [],
      "temperature" => 1.0, "top_p" => 0.5, "response_format" => "auto",
      "tool_resources" => { "file_search" => { "vector_store_ids" => ["vs_1"] } }, "last_synced_at" => "2026-01-01" }
  end

  describe "of the engine's first generation" do
    def assistant(id, **fields)
      Engine::Row.new(id: 7, assistant_id: id, name: "Ada", description: "Helps", metadata: told,
                      created_at: Time.at(1_700_000_000), **fields)
    end

    it "are rows with what OpenAI said in metadata" do
      engine_assistants(assistant("asst_1"))
      definition = definitions.find("asst_1")
      expect(definition.request).to eq(model: "gpt-4o", instructions: "Be kind.", top_p: 0.5,
                                       tools: [{ type: "file_search", vector_store_ids: ["vs_1"] }])
      expect(definition.to_h).to include("name" => "Ada", "description" => "Helps", "created_at" => 1_700_000_000,
                                         "metadata" => {})
      expect(definition.source).to eq("PromptTracker::Openai::Assistant 7")
      expect_valid("AssistantObject", definition.to_h)
    end

    it "may have their metadata as text" do
      engine_assistants(assistant("asst_1", metadata: JSON.generate(told)))
      expect(definitions.find("asst_1").model).to eq("gpt-4o")
    end

    it "count as absent without a model" do
      engine_assistants(assistant("asst_1", metadata: {}), assistant("asst_2", metadata: told.merge("model" => "")),
                        assistant("asst_3", metadata: nil))
      expect(%w[asst_1 asst_2 asst_3].map { |id| definitions.find(id) }).to all(be_nil)
      expect(definitions.all).to eq([])
    end

    it "come after the files" do
      engine_assistants(assistant("asst_1"))
      write("asst_1", model: "file")
      expect(definitions.find("asst_1").model).to eq("file")
      expect(definitions.all.map(&:source)).to eq([path("asst_1")])
    end

    it "say what is wrong with them" do
      engine_assistants(assistant("asst_1", metadata: told.merge("tools" => "x")))
      expect { definitions.find("asst_1") }
        .to definition_error(/\APromptTracker::Openai::Assistant 7: tools must be an Array/)
      expect(definitions.all.map { |entry| entry.error&.field }).to eq(["tools"])
    end
  end

  describe "of newer generations" do
    let(:config) do
      { "provider" => "openai", "api" => "assistants", "model" => "gpt-4o", "temperature" => 0.7, "top_p" => 1.0,
        "tools" => %w[file_search code_interpreter functions],
        "tool_config" => { "file_search" => { "vector_store_ids" => ["vs_1"], "vector_stores" => [{ "id" => "vs_1" }] },
                           "functions" => [{ "name" => "f", "description" => "Does", "category" => "x",
                                             "parameters" => { "type" => "object" } }] },
        "metadata" => { "assistant_id" => "asst_1", "synced_at" => "2026-01-01" } }
    end

    def version(number, **fields)
      Engine::Row.new(id: number, model_config: config, system_prompt: "Be kind.", notes: "Helps", archived_at: nil,
                      agent: Engine::Row.new(name: "Ada"), created_at: Time.at(1_700_000_000 + number), **fields)
    end

    it "are versions whose model_config names the assistant" do
      engine_versions(version(1))
      definition = definitions.find("asst_1")
      expect(definition.request).to eq(
        model: "gpt-4o", instructions: "Be kind.", temperature: 0.7,
        tools: [{ type: "file_search", vector_store_ids: ["vs_1"] },
                { type: "code_interpreter", container: { type: "auto" } },
                { type: "function", name: "f", description: "Does", parameters: { "type" => "object" }, strict: false }]
      )
      expect(definition.to_h).to include("name" => "Ada", "description" => "Helps", "created_at" => 1_700_000_001)
      expect(definition.source).to eq("PromptTracker::AgentVersion 1")
    end

    it "may name it in model_config itself, and have model_config as text" do
      engine_versions(version(1, model_config: JSON.generate("assistant_id" => "asst_1", "model" => "gpt-4.1")))
      expect(definitions.find("asst_1").model).to eq("gpt-4.1")
    end

    it "count by the newest one that has a model and was not archived" do
      engine_versions(version(1, system_prompt: "one"), version(3, system_prompt: "three"),
                      version(2, system_prompt: "two"), version(4, model_config: config.merge("model" => nil)),
                      version(5, system_prompt: "five", archived_at: Time.now))
      expect(definitions.find("asst_1").request[:instructions]).to eq("three")
    end

    it "count where all were archived, too" do
      engine_versions(version(1, archived_at: Time.now))
      expect(definitions.find("asst_1").model).to eq("gpt-4o")
    end

    it "are not taken for those of a similar id" do
      engine_versions(version(1, model_config: config.merge("metadata" => { "assistant_id" => "asst_12" })),
                      version(2, model_config: config.merge("metadata" => { "note" => "asst_1" })))
      expect(definitions.find("asst_1")).to be_nil
      expect(definitions.find("asst_12").model).to eq("gpt-4o")
    end

    it "are listed by assistant" do
      other = config.merge("metadata" => { "assistant_id" => "asst_2" })
      engine_versions(version(1), version(2), version(3, model_config: other))
      expect(definitions.all.map { |entry| [entry.id, entry.source] })
        .to eq([["asst_1", "PromptTracker::AgentVersion 2"], ["asst_2", "PromptTracker::AgentVersion 3"]])
    end

    it "may be a prompt's versions, as in the engines between" do
      engine_versions(version(1), constant: "PromptVersion")
      expect(definitions.find("asst_1").source).to eq("PromptTracker::PromptVersion 1")
    end

    it "are not looked at where there is no model_config" do
      engine_versions(version(1)).columns = %w[id]
      expect(definitions.find("asst_1")).to be_nil
    end
  end

  describe "and the database" do
    let(:row) do
      Engine::Row.new(id: 7, assistant_id: "asst_1", name: "Ada", description: nil, metadata: told,
                      created_at: Time.now)
    end

    it "gets its connection back" do
      model = engine_assistants(row)
      definitions.find("asst_1")
      expect(model.connection_pool).to have_attributes(taken: be_positive, held: 0)
      expect(model.outside).to eq(0)
    end

    it "is asked at each call where definitions are read again" do
      model = engine_assistants(row)
      expect { 3.times { definitions.find("asst_1") } }.to change(model, :asked).by(3)
      model.rows.clear
      expect(definitions.find("asst_1")).to be_nil
    end

    it "is asked again after some seconds where not, for unknown ids too" do
      settings.reload_definitions = false
      model = engine_assistants(row)
      expect { 3.times { definitions.find("asst_1") || definitions.find("asst_x") } }.to change(model, :asked).by(1)
      expect { 3.times { definitions.find("asst_x") } }.to change(model, :asked).by(1)
      later = Process.clock_gettime(Process::CLOCK_MONOTONIC) + described_class::SECONDS + 1
      allow(Process).to receive(:clock_gettime).and_return(later)
      expect { 3.times { definitions.find("asst_x") } }.to change(model, :asked).by(1)
    end

    it "may be out of reach: other places go on, and it is said where it was looked" do
      engine_assistants(row).failure = IOError.new("no connection\nat all")
      write("asst_2", model: "file")
      expect(definitions.find("asst_2").model).to eq("file")
      expect(definitions.find("asst_1")).to be_nil
      expect(definitions.places("asst_1"))
        .to end_with("and in the engine's records (which could not be read: PromptTracker::Openai::Assistant: " \
                     "no connection (IOError)).")
    end

    it "may go away: what was last read still counts" do
      model = engine_assistants(row)
      definitions.find("asst_1")
      model.failure = IOError.new("gone")
      expect(definitions.find("asst_1").model).to eq("gpt-4o")
    end

    it "may lack the table, which is never asked then" do
      model = engine_assistants(row)
      model.table = false
      expect { definitions.find("asst_1") }.not_to change(model, :asked)
      expect(definitions.places("asst_1")).to include("PromptTracker::Openai::Assistant: there is no table engine_rows")
    end

    it "is no error where the record's class can't be loaded" do
      file = File.join(folder, "agent_version.rb")
      File.write(file, "raise LoadError, 'no such adapter'")
      PromptTracker.autoload(:AgentVersion, file)
      expect(definitions.find("asst_1")).to be_nil
      expect(definitions.places("asst_1")).to include("PromptTracker::AgentVersion: no such adapter (LoadError)")
    ensure
      PromptTracker.send(:remove_const, :AgentVersion)
    end

    it "is not mentioned where the engine is not there" do
      expect(definitions.places("asst_1")).not_to include("engine")
    end
  end
end
