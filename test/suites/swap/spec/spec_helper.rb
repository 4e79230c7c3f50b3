# frozen_string_literal: true

require_relative "../app/implementation"
require_relative "../app/weather_report"
require "vcr"
require "webmock/rspec"

WebMock.disable_net_connect!

VCR.configure do |config|
  config.hook_into :webmock
  config.cassette_library_dir = ENV.fetch("CASSETTES")
  config.default_cassette_options = { record: :none, allow_unused_http_interactions: false,
                                      match_requests_on: %i[method uri body] }
  config.filter_sensitive_data("<KEY>") { ENV.fetch("OPENAI_API_KEY", nil) }
  config.configure_rspec_metadata!
end

RSpec.configure do |config|
  config.disable_monkey_patching!
  config.mock_with(:rspec) { |mocks| mocks.verify_partial_doubles = true }

  config.around do |example|
    ENV["OPENAI_API_KEY"] = "sk-app"
    example.metadata[:vcr] ? example.run : VCR.turned_off { example.run }
  ensure
    ENV.delete("OPENAI_API_KEY")
  end

  # Nobody waits a second between two looks at a run.
  config.before { allow_any_instance_of(PromptTracker::OpenaiAssistantService).to receive(:sleep) }
end
