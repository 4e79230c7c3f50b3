# frozen_string_literal: true

require_relative "prompt_tracker/configuration"
require_relative "prompt_tracker/engine"

module PromptTracker
  def self.configuration
    @configuration ||= Configuration.new
  end

  def self.configure
    yield configuration
  end
end
