# frozen_string_literal: true

# Loaded when another gem opens a module of its own inside {OpenAI}: it is being loaded after the replacement.
module PromptTracker
  module Native
    # Between the two may stand what has replaced Kernel#require.
    requires = %w[bundled_gems.rb kernel_require.rb kernel.rb]
    opener = caller_locations.find do |place|
      path = place.path.to_s
      path.start_with?("/") && !path.start_with?(__dir__) && !requires.include?(File.basename(path))
    end
    raise LoadError, OpenaiGems.beside("another openai gem (#{opener&.path || "unknown"})")
  end
end
