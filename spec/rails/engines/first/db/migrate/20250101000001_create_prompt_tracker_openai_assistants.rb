# frozen_string_literal: true

class CreatePromptTrackerOpenaiAssistants < ActiveRecord::Migration[7.1]
  def change
    create_table :prompt_tracker_openai_assistants do |t|
      t.string :assistant_id, null: false, index: { unique: true }
      t.string :name
      t.text :description
      t.jsonb :metadata, null: false, default: {}
      t.timestamps
    end
  end
end
