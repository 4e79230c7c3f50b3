# frozen_string_literal: true

# Loaded when another gem opens a module of its own inside {OpenAI}: it is being loaded after the replacement.
module PromptTracker
  module Native
    opener = caller_locations.find { |place| place.path&.start_with?("/") && !place.path.start_with?(__dir__) }
    raise LoadError, OpenaiGems.beside("another openai gem (#{opener&.path || "unknown"})")
  end
end
