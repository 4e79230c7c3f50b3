# frozen_string_literal: true

require "prompt_tracker/native"
require_relative "support/clean_environment"
require_relative "support/recorded_transport"

RSpec.describe PromptTracker::Native::Client, "with Azure and with servers that need no key" do
  include_context "with a recorded transport"

  azure = "https://team.openai.azure.com/openai/v1"

  def sent_with(**settings)
    described_class.new(**settings).responses.create(parameters: { model: "gpt-4o", input: "Hello!" })
    [RecordedTransport.last.lasting_headers, "#{RecordedTransport.last.url}#{sent.path}"]
  end

  describe "Azure" do
    it "gets its own header, by its host" do
      expect(sent_with(uri_base: azure, access_token: "a")).to eq([{ "api-key" => "a" }, "#{azure}/responses"])
    end

    it "gets it where the configuration names the host" do
      ENV["OPENAI_BASE_URL"] = azure
      ENV["OPENAI_API_KEY"] = "b"
      expect(sent_with).to eq([{ "api-key" => "b" }, "#{azure}/responses"])
    end

    { "https://team.openai.azure.com" => "https://team.openai.azure.com/openai/v1",
      "https://team.openai.azure.com/openai/" => "https://team.openai.azure.com/openai/v1",
      "https://v1-team.openai.azure.com" => "https://v1-team.openai.azure.com/openai/v1",
      "https://team.services.ai.azure.com/openai/v1/" => "https://team.services.ai.azure.com/openai/v1",
      "https://team.cognitiveservices.azure.com/openai/v1" => "https://team.cognitiveservices.azure.com/openai/v1",
      "https://team.openai.azure.com:443/openai/v1" => "https://team.openai.azure.com:443/openai/v1" }
      .each do |base, whole|
        it "is found at #{base}" do
          expect(sent_with(uri_base: base, access_token: "a")).to eq([{ "api-key" => "a" }, "#{whole}/responses"])
        end
      end

    it "can be behind another host" do
      url = "https://gateway.example/openai/v1"
      expect(sent_with(uri_base: url, access_token: "a", api_type: :azure))
        .to eq([{ "api-key" => "a" }, "#{url}/responses"])
    end

    it "has a version in each query where one is given, or the path is an older one" do
      older = "https://team.openai.azure.com/openai/deployments/d"
      expect(sent_with(uri_base: older, access_token: "a", api_type: :azure, api_version: "2024-05-01-preview")[1])
        .to eq("#{older}/responses?api-version=2024-05-01-preview")
      expect(sent_with(uri_base: azure, access_token: "a", api_version: "preview")[1])
        .to eq("#{azure}/responses?api-version=preview")
    end

    it "is not what is called another type" do
      expect(sent_with(uri_base: azure, access_token: "a", api_type: :open_ai)[0]).to eq("Authorization" => "Bearer a")
    end

    it "is no host that only looks like it" do
      ["https://team.openai.azure.com.example/v1", "https://example/team.openai.azure.com/v1",
       "https://openai.azure.com.evil.example/v1"].each do |base|
        expect(sent_with(uri_base: base, access_token: "a")[0]).to eq("Authorization" => "Bearer a")
      end
    end
  end

  describe "a server without keys" do
    before do
      ENV["OPENAI_API_KEY"] = "key-of-environment"
      PromptTracker::Native.configure do |c|
        c.base_url = "http://localhost:11434/v1"
        c.require_api_key = false
      end
    end

    it "gets none" do
      expect(sent_with).to eq([{}, "http://localhost:11434/v1/responses"])
    end

    it "gets the one that is given" do
      expect(sent_with(access_token: "a")[0]).to eq("Authorization" => "Bearer a")
    end

    it "is never OpenAI or Azure" do
      ["https://api.openai.com/v1", azure].each do |base|
        PromptTracker::Native.configure { |c| c.base_url = base }
        expect(sent_with[0].values).to eq([base == azure ? "key-of-environment" : "Bearer key-of-environment"])
      end
    end

    it "gets the key where it is asked for" do
      PromptTracker::Native.configure { |c| c.require_api_key = true }
      expect(sent_with[0]).to eq("Authorization" => "Bearer key-of-environment")
    end
  end
end
