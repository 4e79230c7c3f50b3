# frozen_string_literal: true

require "prompt_tracker/native" if ENV["PTN_APP_LATE"] == "native"

PromptTracker::Native.configure { |c| c.replace_services = false } if ENV["PTN_APP_KEEPS"] == "by initializer"

if GROUPS.include?(:newer)
  PromptTracker.configure { |config| config.api_keys = { openai: ENV.fetch("ENGINE_OPENAI_KEY", nil) } }
end

OpenAI.configure { |config| config.uri_base = ENV.fetch("OPENAI_BASE_URL") } if defined?(OpenAI)
