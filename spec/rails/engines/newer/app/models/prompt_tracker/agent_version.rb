# frozen_string_literal: true

module PromptTracker
  class AgentVersion < ApplicationRecord
    belongs_to :agent
  end
end
