# frozen_string_literal: true

# Records the cassettes of the suite, with the real ruby-openai gem and against a LocalServer in a process of its own:
#   ruby record.rb URL FOLDER
# They show requests to api.openai.com, as those of an app do.

require "vcr"
require "webmock"
require_relative "app/reference_service"

url, folder = ARGV
ENV["OPENAI_API_KEY"] = "sk-recorded"
OpenAI.configure { |config| config.uri_base = url.delete_suffix("/v1") }

VCR.configure do |config|
  config.hook_into :webmock
  config.cassette_library_dir = folder
  config.filter_sensitive_data("<KEY>") { "sk-recorded" }
  config.before_record do |interaction|
    interaction.request.uri = interaction.request.uri.sub(url.delete_suffix("/v1"), "https://api.openai.com")
  end
end

def ask(city)
  PromptTracker::OpenaiAssistantService.new(assistant_id: "asst_weather", prompt: "The weather in #{city}?")
                                       .tap { |service| service.define_singleton_method(:sleep) { |_| nil } }.call
rescue PromptTracker::OpenaiAssistantService::AssistantError => e
  warn e.message
end

def stream
  parameters = { assistant_id: "asst_weather",
                 thread: { messages: [{ role: "user", content: "The weather in Bonn?" }] } }
  OpenAI::Client.new(access_token: "sk-recorded").runs
                .create_thread_and_run(parameters: { **parameters, stream: ->(_event, _name) {} })
end

VCR.use_cassette("streamed", record: :all) { stream }
%w[Berlin Paris Rome Oslo].each { |city| VCR.use_cassette("weather_in_#{city.downcase}", record: :all) { ask(city) } }
