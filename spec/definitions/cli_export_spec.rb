# frozen_string_literal: true

require "prompt_tracker/native/cli"
require_relative "support/command_line"
require_relative "support/definition_files"
require_relative "support/engine"

RSpec.describe PromptTracker::Native::CLI do
  include_context "with definitions"
  include CommandLine

  describe "definitions export of the engine's records" do
    include Engine

    def assistant(id, **metadata)
      Engine::Row.new(id: 1, assistant_id: id, name: "Ada", description: nil, created_at: Time.at(1_700_000_000),
                      metadata: { "model" => "gpt-4o" }.merge(metadata.transform_keys(&:to_s)))
    end

    it "saves each as a file that says the same" do
      engine_assistants(assistant("asst_1", instructions: "Be kind."), assistant("asst_2"))
      expect(run("definitions", "export")).to eq(0)
      expect(out).to eq("saved      #{path("asst_1")}\nsaved      #{path("asst_2")}\n2 found, 2 saved in #{folder}\n")
      expect(read("asst_1")).to include("id" => "asst_1", "name" => "Ada", "created_at" => 1_700_000_000)
      records = definitions::EngineRecords.new(settings.settings, reload: true)
      expect(definitions.find("asst_1").request).to eq(records.find("asst_1").request)
    end

    it "saves those that are named" do
      engine_assistants(assistant("asst_1"), assistant("asst_2"))
      expect(run("definitions", "export", "asst_2")).to eq(0)
      expect(Dir.children(folder)).to eq(["asst_2.json"])
      expect(run("definitions", "export", "asst_3")).to eq(1)
      expect(err).to eq("prompt_tracker-native: not found: asst_3\n")
    end

    it "leaves files alone that say something else, unless told" do
      engine_assistants(assistant("asst_1"))
      write("asst_1", model: "mine")
      expect(run("definitions", "export")).to eq(1)
      expect(out).to include("not saved  #{path("asst_1")} is there and says something else (--force replaces it)")
      expect(read("asst_1")).to eq("model" => "mine")
      expect(run("definitions", "export", "--force")).to eq(0)
      expect(read("asst_1")).to include("model" => "gpt-4o")
      expect(run("definitions", "export")).to eq(0)
      expect(out).to start_with("unchanged")
    end

    it "saves what can't be used as well, and says what will not map" do
      engine_assistants(assistant("asst_1", tools: [{ type: "browser" }]),
                        assistant("asst_2", tools: [{ type: "file_search" }]))
      expect(run("definitions", "export")).to eq(1)
      expect(out).to include("asst_1.json\n  will not map: tools[0].type is \"browser\"")
        .and include("asst_2.json\n  will not map: tools[0] (file_search) is left out")
      expect(Dir.children(folder).size).to eq(2)
    end

    it "says that the engine is not here, or can't be read" do
      expect(run("definitions", "export")).to eq(1)
      expect(err).to include("the PromptTracker engine is not here", "--from URL")
      engine_assistants(assistant("asst_1")).failure = IOError.new("no connection")
      expect(run("definitions", "export")).to eq(1)
      expect(err).to include("the engine's records can't be read: PromptTracker::Openai::Assistant: no connection")
    end
  end

  describe "definitions export of a server's assistants", :server do
    def client = PromptTracker::Native::Client.new

    def export(*more) = run("definitions", "export", "--from", server.url, "--key-env", "OPENAI_API_KEY", *more)

    it "saves all pages, each assistant once" do
      ids = Array.new(205) { |n| client.assistants.create(parameters: { model: "gpt-4o", name: "n#{n}" })["id"] }
      expect(export).to eq(0)
      expect(Dir.children(folder)).to match_array(ids.map { |id| "#{id}.json" })
      expect(out).to end_with("205 found, 205 saved in #{folder}\n")
      lists = requests.select { |request| request.method == "GET" }
      expect(lists.map(&:query)).to match([include("limit" => "100"), include("after" => ids[99]),
                                           include("after" => ids[199])])
      expect(read(ids[7])).to eq(client.assistants.retrieve(id: ids[7]))
    end

    it "copes with servers that send all at once, or in no order" do
      ids = Array.new(3) { client.assistants.create(parameters: { model: "gpt-4o" })["id"] }
      server.quirks = [:unordered_lists]
      expect(export).to eq(0)
      expect(Dir.children(folder)).to match_array(ids.map { |id| "#{id}.json" })
    end

    it "says what will not map, and what was left out" do
      client.assistants.create(parameters: { model: "gpt-4o", tools: [{ type: "file_search" }] })
      expect(export).to eq(0)
      expect(out).to include("will not map: tools[0] (file_search) is left out")
    end

    it "never takes a server's word for a file's name, and leaves out what it alone knows" do
      list = { "object" => "list", "has_more" => false,
               "data" => [{ "id" => "../../evil", "model" => "gpt-4o" },
                          { "id" => "asst_ok", "model" => "gpt-4o", "graph" => { "a" => 1 } }] }
      allow_any_instance_of(PromptTracker::Native::Client).to receive(:get).and_return(list)
      expect(export).to eq(1)
      expect(out).to include('not saved: "../../evil" can\'t be an assistant\'s id',
                             "  left out: graph (not of an assistant)", "2 found, 1 saved")
      expect(Dir.children(folder)).to eq(["asst_ok.json"])
    end

    it "leaves a server that never ends" do
      page = { "object" => "list", "has_more" => true, "data" => [{ "id" => "asst_1", "model" => "gpt-4o" }] }
      allow_any_instance_of(PromptTracker::Native::Client).to receive(:get).and_return(page)
      expect(export).to eq(0)
    end

    it "says what the server said, and how to give a key" do
      expect(run("definitions", "export", "--from", server.url)).to eq(1)
      expect(err).to match(/name the variable with the server's key with --key-env\n\z/)
      expect(run("definitions", "export", "--from", server.url, "--key-env", "NOT_SET")).to eq(1)
      expect(err).to eq("prompt_tracker-native: NOT_SET environment variable not set\n")
    end

    it "says that nobody is there, or nobody with assistants" do
      expect(run("definitions", "export", "--from", "http://127.0.0.1:9/v1")).to eq(1)
      expect(err).to match(/\Aprompt_tracker-native: .*127\.0\.0\.1/)
      expect(run("definitions", "export", "--from", "nowhere")).to eq(1)
      expect(err).to match(/--from must be like/)
      allow_any_instance_of(PromptTracker::Native::Client).to receive(:get).and_return("<html>")
      expect(export).to eq(1)
      expect(err).to include("did not answer with a list of assistants")
    end

    %w[https://api.openai.com/v1 https://mine.openai.azure.com/openai/v1].each do |url|
      it "explains the 404 of #{url}" do
        gone = PromptTracker::Native::HTTPError.new("Not found")
        allow(gone).to receive(:status).and_return(404)
        allow_any_instance_of(PromptTracker::Native::Client).to receive(:get).and_raise(gone)
        expect(run("definitions", "export", "--from", url, "--key-env", "OPENAI_API_KEY")).to eq(1)
        expect(err).to include("has no assistants any more: the Assistants API was shut down on 2026-08-26",
                               "definitions new asst_")
      end
    end

    it "gives a 404 of any other server as it is" do
      expect(run("definitions", "export", "--from", "#{server.url}/other/v1", "--key-env", "OPENAI_API_KEY")).to eq(1)
      expect(err).not_to include("shut down")
    end

    it "sends the app's own OpenAI key to no other server" do
      run("definitions", "export", "--from", server.url)
      expect(requests.last.headers).not_to have_key("authorization")
    end
  end
end
