# frozen_string_literal: true

module PromptTracker
  class Agent < ApplicationRecord
    has_many :agent_versions, dependent: :destroy
  end
end
