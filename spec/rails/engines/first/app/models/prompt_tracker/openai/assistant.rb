# frozen_string_literal: true

module PromptTracker
  module Openai
    class Assistant < ApplicationRecord
      self.table_name = "prompt_tracker_openai_assistants"
    end
  end
end
