# frozen_string_literal: true

# As `rails generate model PromptTracker::Note` writes it.
module PromptTracker
  def self.table_name_prefix = "prompt_tracker_"

  @loads = (@loads || 0) + 1
  def self.loads = @loads
end
