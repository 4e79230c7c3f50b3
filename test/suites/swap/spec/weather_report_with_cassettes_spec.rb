# frozen_string_literal: true

RSpec.describe WeatherReport do
  def report(city) = described_class.new(city).to_s

  it "shows the recorded answer", vcr: { cassette_name: "weather_in_berlin" } do
    expect(report("Berlin")).to eq("Berlin: It is sunny. (15 tokens)")
  end

  it "looks at a slow run as often as was recorded", vcr: { cassette_name: "weather_in_paris" } do
    expect(report("Paris")).to start_with("Paris: It rains at last.")
  end

  it "tells of a run that failed", vcr: { cassette_name: "weather_in_rome" } do
    expect(report("Rome")).to eq("Rome: nothing known (Assistant run failed: No forecast today.)")
  end

  it "tells of a server that was busy, once", vcr: { cassette_name: "weather_in_oslo" } do
    expect(report("Oslo")).to match(/\AOslo: nothing known \(Failed to run assistant: .*429/)
  end

  it "asks for nothing that was not recorded",
     vcr: { cassette_name: "weather_in_berlin", allow_unused_http_interactions: true } do
    expect { PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_weather", prompt: "Another question?") }
      .to raise_error(StandardError, /VCR does not know how to handle/)
  end
end
