# frozen_string_literal: true

class CreatePromptTrackerAgents < ActiveRecord::Migration[7.1]
  def change
    create_table :prompt_tracker_agents do |t|
      t.string :name, null: false
      t.timestamps
    end
    create_table :prompt_tracker_agent_versions do |t|
      t.references :agent, null: false
      t.text :system_prompt
      t.text :notes
      t.jsonb :model_config, null: false, default: {}
      t.datetime :archived_at
      t.timestamps
    end
  end
end
