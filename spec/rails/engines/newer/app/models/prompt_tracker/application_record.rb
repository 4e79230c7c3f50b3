# frozen_string_literal: true

module PromptTracker
  class ApplicationRecord < ActiveRecord::Base
    self.abstract_class = true
  end
end
