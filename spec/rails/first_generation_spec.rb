# frozen_string_literal: true

require_relative "support/rails_app"

RSpec.describe "A Rails app with the engine's first generation" do
  include RailsApp

  before(:context) do
    need_rails_app
    @server = PromptTracker::Native::LocalServer.start
    @told = run_app("first", has: "native,first,ruby_openai", server: @server, env: { "PTN_APP_DECORATES" => "yes" })
    @requests = @server.requests
  ensure
    @server&.stop
  end

  attr_reader :told, :requests

  def sent(line) = requests.select { |request| request.to_s.gsub(/(thread|run)_\w+/, "{}") == line }

  it "has the gem's services in the place of the engine's" do
    expect(told["classes"]).to eq("home" => "PromptTracker", "same" => true, "assistant" => "gem", "chat" => "gem",
                                  "error" => "PromptTracker::LlmClientService::ApiError")
  end

  it "keeps the engine's configuration, and takes the key from the variable that it names" do
    expect(told["configuration"]).to eq("class" => "PromptTracker::Configuration", "variable" => "ENGINE_OPENAI_KEY",
                                        "max_retries" => 1)
    expect(requests.map { |request| request.headers["authorization"] }.uniq).to eq(["Bearer #{RailsApp::KEY}"])
  end

  it "answers from the definitions in the engine's table" do
    expect(told["definition"]).to eq("request" => { "model" => "gpt-4o", "instructions" => "Be brief." },
                                     "source" => "PromptTracker::Openai::Assistant 1", "name" => "Weather")
    expect(told["bare"]).to be_nil
    expect(told["call"]).to include("kind" => "resp", "classic" => "run")
  end

  it "holds no database connection while it waits for an answer" do
    expect(told["call"]["held"]).to eq([false])
  end

  it "serves a job that asks an assistant, a chat and for JSON" do
    expect(told["job"]).to match("told" => /weather/, "thread_id" => /\Aresp_/, "chat" => /weather/,
                                 "raw" => "chat.completion", "judged" => '{"score":1}')
    expect(sent("POST /v1/chat/completions").first(2).map(&:body)).to match(
      [include("max_tokens" => 20), include("response_format" => include("type" => "json_schema"))]
    )
  end

  it "serves a request to the mounted engine" do
    expect(told["web"]["status"]).to eq(200)
    expect(JSON.parse(told["web"]["body"])).to match("text" => /Hi/, "model" => "asst_kept",
                                                     "usage" => include("total_tokens" => be_positive))
  end

  it "leaves code alone that drives OpenAI::Client by hand" do
    expect(told["conversation"]).to eq("messages" => 2, "client" => "OpenAI::Client")
    expect(sent("POST /v1/threads/{}/runs").size).to eq(2)
  end

  describe "when its code is reloaded 20 times" do
    it "keeps the services, and reloads all else" do
      expect(told["reload"]).to include("service" => true, "chat" => true, "greeting" => false, "runner" => false)
    end

    it "has each decorator that to_prepare prepends act once" do
      expect(told["reload"]["counts"]).to eq([{ "class_call" => 1, "call" => 1 }])
    end

    it "would have an alias_method chain call itself, as the guide says" do
      expect(told["chain"]).to eq(%w[String SystemStackError])
    end
  end

  failures = { "no table" => "PromptTracker::Openai::Assistant: there is no table prompt_tracker_openai_assistants",
               "no database" => "PromptTracker::Openai::Assistant: There is an issue connecting" }
  failures.each do |what, said|
    describe "with #{what}" do
      it "goes on without that place" do
        expect(told[what]).to include("given" => "gpt-4.1", "kept" => nil, "answered" => true)
      end

      it "says so when a call fails" do
        expect(told[what]["fails"]["class"]).to eq("PromptTracker::OpenaiAssistantService::AssistantError")
        expect(told[what]["fails"]["message"]).to include("the engine's records (which could not be read: #{said}")
      end
    end
  end

  it "doesn't end the app's transaction where there is no table, and finds it once it is there" do
    expect(told["no table"]["transaction"]).to eq(1)
    expect(told["table again"]).to eq("gpt-4o")
  end
end
