# frozen_string_literal: true

require_relative "support/classic"

RSpec.describe PromptTracker::Native::Client, "by hand, at other servers than OpenAI", :classic do
  attr_reader :server

  before { define_assistant }
  after { server.stop }

  def answer
    server.answer("It is sunny.")
    run = poll(start(thread_with("Weather?")))
    expect(texts(messages(run["thread_id"]))).to eq(["It is sunny.", "Weather?"])
  end

  it "answers at Azure, with its header" do
    @server = PromptTracker::Native::LocalServer.start
    @client = PromptTracker::Native::Client.new(uri_base: server.azure_url, access_token: "a", api_type: :azure)
    answer
    expect(server.requests.map { |request| request.headers.slice("api-key", "authorization", "openai-beta") })
      .to all(eq("api-key" => "a"))
    expect(server.requests.map(&:path)).to all(start_with("/openai/v1/"))
    expect(server.requests.map(&:query)).not_to include(have_key("api-version"))
  end

  it "answers without a key where none is needed" do
    @server = PromptTracker::Native::LocalServer.start(keyless: true)
    ENV["OPENAI_API_KEY"] = "key-of-openai"
    PromptTracker::Native.configure do |c|
      c.base_url = server.url
      c.require_api_key = false
    end
    PromptTracker::OpenaiAssistantService.import_thread([{ role: "user", content: "Hello!" }])
    server.quirk(:no_conversations)
    answer
    expect(server.requests.map(&:headers)).to all(satisfy { |headers| !headers.key?("authorization") })
    expect(server.requests.map(&:inspect).join).not_to include("key-of-openai")
  end
end
