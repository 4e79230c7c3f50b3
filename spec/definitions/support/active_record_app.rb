# frozen_string_literal: true

# An app with both generations of the engine's records in a database: what definitions come of them. Run by
# active_record_spec.rb; prints JSON.
require "active_record"
require "prompt_tracker/native"

ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: File.join(ARGV.fetch(0), "app.sqlite3"), pool: 2)
ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table(:prompt_tracker_openai_assistants) do |t|
    t.string :assistant_id
    t.string :name
    t.text :description
    t.json :metadata
    t.timestamps
  end
  create_table(:prompt_tracker_agents) { |t| t.string :name }
  create_table(:prompt_tracker_agent_versions) do |t|
    t.integer :agent_id
    t.json :model_config
    t.text :notes
    t.text :system_prompt
    t.datetime :archived_at
    t.timestamps
  end
end

module PromptTracker
  class Agent < ActiveRecord::Base
    self.table_name = "prompt_tracker_agents"
  end

  class AgentVersion < ActiveRecord::Base
    self.table_name = "prompt_tracker_agent_versions"
    belongs_to :agent, class_name: "PromptTracker::Agent"
  end

  module Openai
    class Assistant < ActiveRecord::Base
      self.table_name = "prompt_tracker_openai_assistants"
    end
  end
end

PromptTracker::Openai::Assistant.create!(assistant_id: "asst_1", name: "Ada",
                                         metadata: { model: "gpt-4o", instructions: "Be kind.", top_p: 0.5 })
PromptTracker::Openai::Assistant.create!(assistant_id: "asst_0", name: "Empty", metadata: {})
agent = PromptTracker::Agent.create!(name: "Bob")
%w[one two].each do |text|
  PromptTracker::AgentVersion.create!(agent: agent, system_prompt: text,
                                      model_config: { model: "gpt-4.1", metadata: { assistant_id: "asst_v" } })
end
PromptTracker::AgentVersion.create!(agent: agent, system_prompt: "other",
                                    model_config: { model: "gpt-4.1", assistant_id: "asstXv" })
ActiveRecord::Base.connection_handler.clear_active_connections!

definitions = PromptTracker::Native::Definitions
found = %w[asst_1 asst_v].to_h { |id| [id, definitions.find(id).request] }
unknown = definitions.find("asst_0")
listed = definitions.all.map(&:id)
busy = ActiveRecord::Base.connection_pool.stat.fetch(:busy)

# In a transaction of the caller's own, and without the table.
in_transaction = ActiveRecord::Base.transaction { definitions.find("asst_1").model }
ActiveRecord::Base.connection.drop_table(:prompt_tracker_openai_assistants)
ActiveRecord::Base.connection.schema_cache.clear!
definitions.reload!
without_table = ActiveRecord::Base.transaction do
  definitions.find("asst_1")
  PromptTracker::Agent.count
end

puts JSON.generate(found: found, unknown: unknown, listed: listed, busy: busy, in_transaction: in_transaction,
                   without_table: without_table, places: definitions.places("asst_1"))
