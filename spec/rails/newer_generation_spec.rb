# frozen_string_literal: true

require_relative "support/rails_app"

RSpec.describe "A Rails app with the engine's newer generation" do
  include RailsApp

  before(:context) do
    need_rails_app
    @server = PromptTracker::Native::LocalServer.start
    @told = run_app("newer", has: "native,newer", server: @server, env: { "PTN_APP_DECORATES" => "yes" })
    @requests = @server.requests
  ensure
    @server&.stop
  end

  attr_reader :told, :requests

  def sent(line) = requests.select { |request| request.to_s.gsub(/(thread|run)_\w+/, "{}") == line }

  it "has one class of the gem's in the place of the engine's, and no other" do
    expect(told["classes"]).to eq(
      "home" => "PromptTracker::Native::Services", "superclass" => "PromptTracker::Native::Services::OpenaiAssistantService",
      "new" => [%w[keyreq assistant_id], %w[keyreq user_message], %w[key thread_id], %w[key timeout]],
      "error" => "StandardError", "first" => false, "chat" => "engine", "sibling" => "engine",
      "namespace" => %w[OpenaiAssistantService RubyLlmService]
    )
  end

  it "takes the key from the engine's configuration" do
    expect(told["configuration"]).to eq("PromptTracker::Configuration")
    expect(requests.map { |request| request.headers["authorization"] }.uniq).to eq(["Bearer #{RailsApp::KEY}"])
    expect(told["no key"]).to eq("class" => "PromptTracker::LlmClients::OpenaiAssistantService::AssistantError",
                                 "message" => "OpenAI API key not configured", "superclass" => "StandardError")
  end

  it "answers from the newest version that names the assistant" do
    expect(told["definition"]).to eq(
      "request" => { "model" => "gpt-4o", "instructions" => "Be brief.",
                     "tools" => [{ "type" => "file_search", "vector_store_ids" => ["vs_1"] }] },
      "source" => "PromptTracker::AgentVersion 2", "name" => "Weather"
    )
  end

  it "makes a conversation where no thread_id is given, and goes on in it" do
    first, second = told["turns"]
    expect(first["thread_id"]).to match(/\Aconv_/)
    expect(second["thread_id"]).to eq(first["thread_id"])
    named = sent("POST /v1/responses").map { |request| request.body["conversation"] }
    expect(named.first(2)).to all(eq(first["thread_id"]).or(eq("id" => first["thread_id"])))
  end

  it "hands what it got to the engine's normalizer" do
    answer = told["turns"].first
    expect(answer).to match(
      "class" => "PromptTracker::NormalizedLlmResponse", "text" => /Hello/, "model" => "asst_kept",
      "usage" => include("prompt_tokens" => be_positive, "total_tokens" => be_positive),
      "thread_id" => /\Aconv_/, "run_id" => /\Aresp_/, "annotations" => [],
      "keys" => %w[content usage assistant_id run_steps thread_id run_id annotations],
      "steps" => [["message_creation", "completed", answer["run_id"], answer["thread_id"], "asst_kept"]]
    )
  end

  it "asks a server of the Assistants API for the run's steps" do
    answer = told["classic"]
    expect(answer).to include("thread_id" => /\Athread_/, "run_id" => /\Arun_/, "model" => "asst_elsewhere")
    expect(answer["steps"]).to eq([["message_creation", "completed", answer["run_id"], answer["thread_id"],
                                    "asst_elsewhere"]])
    expect(sent("GET /v1/threads/{}/runs/{}/steps").size).to eq(1)
  end

  it "has the engine's readers" do
    expect(told["readers"]).to eq(["asst_kept", "Hi", "conv_1", 5, "OpenAI::Client"])
  end

  it "serves the engine's own client service, its job and its controller" do
    expect(told["job"]).to match("told" => /weather/, "thread_id" => /\Aconv_/, "judged" => /\Agpt-4o would/,
                                 "raw" => include("schema"))
    expect(told["web"]["status"]).to eq(200)
    expect(JSON.parse(told["web"]["body"])).to include("text" => /Hi/, "model" => "asst_kept")
  end

  it "serves code that drives OpenAI::Client by hand, without the ruby-openai gem and the Assistants API" do
    expect(told["conversation"]).to eq("messages" => 2, "gem's" => true, "thread" => "conv")
  end

  it "keeps the service when code is reloaded 20 times, and reloads all else" do
    expect(told["reload"]).to eq("service" => true, "sibling" => false, "normalizer" => false,
                                 "counts" => [{ "class_call" => 1, "call" => 1 }])
  end

  it "raises its own error, and refuses an id that can't be one" do
    expect(told["unknown"]).to include("class" => "PromptTracker::LlmClients::OpenaiAssistantService::AssistantError",
                                       "message" => /\AFailed to run assistant: no definition of asst_elsewhere/)
    expect(told["bad thread"]).to include("class" => "ArgumentError", "message" => /\Athread_id holds/)
  end
end
