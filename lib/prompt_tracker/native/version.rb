# frozen_string_literal: true

module PromptTracker
  module Native
    # The gem's version.
    VERSION = "0.1.0"
  end
end
