# frozen_string_literal: true

require "prompt_tracker/configuration"
require "prompt_tracker/engine"

module PromptTracker
  def self.configuration
    @configuration ||= Configuration.new
  end

  def self.configure
    yield configuration
  end
end
