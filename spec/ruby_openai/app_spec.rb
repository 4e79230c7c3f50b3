# frozen_string_literal: true

require "json"
require_relative "support/bundles"

# What is left when an app has dropped ruby-openai.
RSpec.describe "An app without ruby-openai", :server do
  include Bundles

  let(:app) { File.read(File.join(__dir__, "support/app.rb")) }
  let(:env) { { "OPENAI_API_KEY" => SharedServer::KEY, "LOCAL_URL" => server.url } }

  it "has its suite green as before: doubles, stubs of WebMock, rescues of Faraday's errors" do
    suites = { app_before: "", app_after: "require \"prompt_tracker/native/ruby_openai\"\n" }.to_h do |bundle, first|
      out = output_in(bundle, first + app, env: env)
      [bundle, out[/\d+ examples?, \d+ failures?/]]
    end
    expect(suites).to eq(app_before: "9 examples, 0 failures", app_after: "9 examples, 0 failures")
  end

  it "finds the replacement under ruby-openai's names" do
    said = output_in(:ours, <<~RUBY)
      require "bundler"
      Bundler.require
      begin
        require "openai"
      rescue LoadError
        puts "not yet"
      end
      require "prompt_tracker/native/ruby_openai"
      p $LOAD_PATH.last.end_with?("ruby_openai/shim")
      p require("openai"), require("openai"), require("ruby/openai"), OpenAI::VERSION
      p $LOADED_FEATURES.grep(%r{/openai\\.rb\\z}).all? { |path| path.include?("/ruby_openai/shim/") }
    RUBY
    expect(said).to eq("not yet\ntrue\ntrue\nfalse\ntrue\n\"8.3.0\"\ntrue\n")
  end

  it "can ask for it in the Gemfile" do
    said = output_in(:required, "require \"bundler\"\nBundler.require\nrequire \"openai\"\nputs OpenAI::Client.superclass")
    expect(said).to eq("PromptTracker::Native::Client\n")
  end

  describe "and without Faraday" do
    def without_faraday(code)
      output_in(:without_faraday, <<~RUBY, env: env)
        require "prompt_tracker/native/ruby_openai"
        require "openai"
        client = OpenAI::Client.new(access_token: ENV.fetch("OPENAI_API_KEY"), uri_base: ENV.fetch("LOCAL_URL"))
        #{code}
      RUBY
    end

    it "works, and loads no Faraday" do
      said = without_faraday(<<~RUBY)
        puts client.chat(parameters: { model: "gpt-4o", messages: [{ role: "user", content: "Hi!" }] })["object"]
        p defined?(Faraday)
      RUBY
      expect(said).to eq("chat.completion\nnil\n")
    end

    it "raises the gem's own errors, which OpenAI::Error catches and which have the response" do
      said = without_faraday(<<~RUBY)
        begin
          client.threads.retrieve(id: "thread_none")
        rescue OpenAI::Error => e
          puts e.class, e.status, e.response[:status], e.response[:body].dig("error", "message")
          puts e.response[:headers]["content-type"]
        end
        begin
          client.responses.retrieve(response_id: "resp_none")
        rescue OpenAI::Error => e
          puts e.message[/Response with id 'resp_none' not found/]
        end
      RUBY
      expect(said).to eq(<<~TEXT)
        PromptTracker::Native::HTTPError
        404
        404
        No thread found with id 'thread_none'.
        application/json
        Response with id 'resp_none' not found
      TEXT
    end
  end
end
