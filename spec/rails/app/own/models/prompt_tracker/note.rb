# frozen_string_literal: true

module PromptTracker
  class Note < ActiveRecord::Base
  end
end
