# frozen_string_literal: true

# Settings at their defaults and none of the variables that the configuration reads, during each example.
RSpec.shared_context "with a clean environment" do
  around do |example|
    saved = ENV.to_h
    [*PromptTracker::Native::Configuration::Snapshot::VARIABLES, "OPENAI_API_KEY"].each { |name| ENV.delete(name) }
    PromptTracker::Native.reset_configuration!
    example.run
  ensure
    ENV.replace(saved)
    PromptTracker::Native.reset_configuration!
  end
end
