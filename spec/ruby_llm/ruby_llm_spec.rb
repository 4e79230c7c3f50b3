# frozen_string_literal: true

require "json"
require "open3"
require "rbconfig"
require_relative "../support/other_bundle"

# Standard chat through the real ruby_llm, both versions that apps have, as the server sees it. The rules in detail are
# in spec/contract/llm_client_service/ruby_llm_spec.rb.
RSpec.describe PromptTracker::LlmClientService, "with the real ruby_llm", :server do
  script = File.expand_path("support/script.rb", __dir__)

  define_method(:report) do |version|
    environment = OtherBundle.environment(File.join(OtherBundle::ROOT, "gemfiles/ruby_llm_#{version}.gemfile"))
    said, errors, status = Open3.capture3(environment, RbConfig.ruby, "-rbundler/setup", script, server.url,
                                          unsetenv_others: true)
    raise "#{said}#{errors}" unless status.success?

    JSON.parse(said)
  end

  def line_up
    usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
    2.times { server.answer("It is sunny.", usage: usage) }
    server.answer("{ \"score\": 8.5 }", usage: usage)
    server.answer("It is foggy.", usage: usage)
    server.fails_with(429, on: ->(request) { request.body.to_s.include?("Fail!") })
  end

  # The limit has another name in each API.
  def limit_of(request)
    request.body.values_at("max_tokens", "max_completion_tokens", "max_output_tokens").compact
  end

  def settings_of(request)
    [limit_of(request), *request.body.values_at("temperature", "top_p")]
  end

  %w[1 2].each do |version|
    it "carries what the caller gave, and gives back what came, with version #{version}" do
      if Gem::Version.new(RUBY_VERSION) < Gem::Version.new("3.1.3")
        skip "ruby_llm needs Ruby 3.1.3; this is #{RUBY_VERSION} (bin/matrix runs it on 3.3)"
      end
      line_up
      said = report(version)

      expect(said["version"]).to start_with("#{version}.")
      expect(requests.size).to eq(6) # the unknown model never leaves ruby_llm
      expect(requests.map { |request| settings_of(request) })
        .to eq([[[100], 0.2, 0.5], [[], nil, nil], [[50], 0.1, 0.4], [[], 0.7, nil], [[], 0.7, nil], [[], 0.2, nil]])
      expect(requests.map { |request| request.body["model"] }.uniq).to eq(["gpt-4o"])
      expect(requests.first.body.keys).not_to include("timeout")
      expect(JSON.generate(requests[2].body)).to include("json_schema").and include("score")

      usage = { "prompt_tokens" => 10, "completion_tokens" => 5, "total_tokens" => 15 }
      expect(said["call"]).to eq("text" => "It is sunny.", "usage" => usage, "model" => "gpt-4o",
                                 "raw" => "RubyLLM::Message")
      expect(said["bare"]).to eq(said["call"])
      expect(said["schema"]).to include("text" => "{\"score\":8.5}", "usage" => usage, "raw" => "RubyLLM::Message")
      expect(said["block"]["text"]).to eq("It is foggy.").and eq(said["deltas"])
      expect(said["failure"]).to include("error" => "RubyLLM::RateLimitError")
      expect(said["unknown"]).to include("error" => "RubyLLM::ModelNotFoundError")
    end
  end
end
