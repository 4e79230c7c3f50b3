# frozen_string_literal: true

# The app: knows the service, and nothing of what is underneath.
class WeatherReport
  ASSISTANT = "asst_weather"

  def initialize(city)
    @city = city
  end

  def to_s
    result = PromptTracker::OpenaiAssistantService.call(assistant_id: ASSISTANT, prompt: "The weather in #{@city}?")
    "#{@city}: #{result[:text]} (#{result[:usage][:total_tokens]} tokens)"
  rescue PromptTracker::OpenaiAssistantService::AssistantError => e
    "#{@city}: nothing known (#{e.message})"
  end
end
