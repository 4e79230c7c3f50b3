# frozen_string_literal: true

# The gem's settings at their defaults, quick polling, and nothing in the environment but what an example puts there.
RSpec.shared_context "with the wire to itself" do
  around do |example|
    saved = ENV.to_h
    [*PromptTracker::Native::Configuration::Snapshot::VARIABLES, "OPENAI_API_KEY"].each { |name| ENV.delete(name) }
    PromptTracker::Native.reset_configuration!
    PromptTracker::Native.configure { |c| c.poll_interval = 0.005 }
    example.run
  ensure
    ENV.replace(saved)
    PromptTracker::Native.reset_configuration!
  end

  def key = "sk-wire-0123456789abcdefghij"

  # Points the services at a server.
  def use(url)
    ENV["OPENAI_BASE_URL"] = url
    ENV["OPENAI_API_KEY"] = key
  end

  def client_at(url) = PromptTracker::Native::Client.new(uri_base: url, access_token: key)
end
