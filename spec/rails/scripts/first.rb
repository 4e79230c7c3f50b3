# frozen_string_literal: true

# The first generation's app: all that an app does with the services. Run by first_generation_spec.rb.
require_relative "report"

Native = PromptTracker::Native
Service = PromptTracker::OpenaiAssistantService
Chat = PromptTracker::LlmClientService

Report.migrate

Report["classes"] = {
  "home" => Native::Services.home.name, "same" => Service.equal?(Native::Services::OpenaiAssistantService),
  "assistant" => Report.written_in(Service.instance_method(:initialize)),
  "chat" => Report.written_in(Chat.method(:call)), "error" => Service::AssistantError.superclass.name
}
Report["configuration"] = { "class" => PromptTracker.configuration.class.name, "variable" => Native.api_key_variable,
                            "max_retries" => Native.configuration.max_retries }

# Definitions in the engine's table.
PromptTracker::Openai::Assistant.create!(
  assistant_id: "asst_kept", name: "Weather", description: "Knows the weather",
  metadata: { model: "gpt-4o", instructions: "Be brief.", tools: [], temperature: 1.0, top_p: 1.0 }
)
PromptTracker::Openai::Assistant.create!(assistant_id: "asst_bare", name: "Bare", metadata: {})
Report["definition"] = Native::Definitions.find("asst_kept").then do |found|
  { "request" => found.request, "source" => found.source, "name" => found.to_h["name"] }
end
Report["bare"] = Native::Definitions.find("asst_bare")

# A call holds no connection of the app's while it waits.
held = Thread.new do
  seen = []
  result = Service.call(assistant_id: "asst_kept", prompt: "Hello!") do
    seen << !ActiveRecord::Base.connection_pool.active_connection?.nil?
  end
  [seen.uniq, result[:raw][:run_id][/\A[a-z]+/]]
end.value
Report["call"] = { "held" => held[0], "kind" => held[1],
                   "classic" => Service.call(assistant_id: "asst_elsewhere", prompt: "Hi")[:raw][:run_id][/\A[a-z]+/] }

PromptTracker::AskJob.perform_now("asst_kept", "What's the weather?")
Report["job"] = PromptTracker::AskJob.results.last

Report["web"] = Report.get("/prompt_tracker/answer?assistant_id=asst_kept&prompt=Hi")

runner = PromptTracker::Openai::ConversationRunner.new(assistant_id: "asst_elsewhere")
Report["conversation"] = { "messages" => runner.run!("Hello!", "And then?").size, "client" => OpenAI::Client.name }

# Reloading.
before = { service: Service, chat: Chat, greeting: Greeting, runner: PromptTracker::Openai::ConversationRunner }
counts = Array.new(20) do
  Rails.application.reloader.reload!
  Counting.counts.clear
  PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_kept", prompt: "Hello!")
  Counting.counts.dup
end
Report["reload"] = {
  "service" => PromptTracker::OpenaiAssistantService.equal?(before[:service]),
  "chat" => PromptTracker::LlmClientService.equal?(before[:chat]), "greeting" => Greeting.equal?(before[:greeting]),
  "runner" => PromptTracker::Openai::ConversationRunner.equal?(before[:runner]), "counts" => counts.uniq
}

# Without the table, then without a database.
definition = ->(id) { Native::Definitions.find(id)&.model }
Native.configure { |c| c.assistants = { asst_given: { model: "gpt-4.1" } } }
fails = lambda do
  Native.configure { |c| c.api = :responses }
  Report.error { Service.call(assistant_id: "asst_elsewhere", prompt: "Hi") }
ensure
  Native.configure { |c| c.api = :auto }
end
tell = lambda do
  { "given" => definition["asst_given"], "kept" => definition["asst_kept"],
    "answered" => !Service.call(assistant_id: "asst_elsewhere", prompt: "Hi")[:text].nil?, "fails" => fails.call }
end
ActiveRecord::Base.transaction do
  ActiveRecord::Base.lease_connection.rename_table(:prompt_tracker_openai_assistants, :elsewhere)
  PromptTracker::Openai::Assistant.reset_column_information
  ActiveRecord::Base.connection_pool.schema_cache.clear!
  Native::Definitions.reload!
  Report["no table"] = tell.call.merge("transaction" => ActiveRecord::Base.lease_connection.select_value("SELECT 1"))
  raise ActiveRecord::Rollback
end
ActiveRecord::Base.connection_pool.schema_cache.clear!
Native::Definitions.reload!
Report["table again"] = definition["asst_kept"]

ActiveRecord::Base.establish_connection("postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
Native::Definitions.reload!
Report["no database"] = tell.call

# What docs/rails.md warns of, last of all.
chain = lambda do
  Chat.class_eval do
    alias_method :call_without_count, :call
    def call = call_without_count
  end
end
ask = -> { Chat.call(provider: "openai", model: "gpt-4o", prompt: "Hi")[:text] }
chain.call
once = ask.call
chain.call
Report["chain"] = begin
  ask.call
rescue SystemStackError => e
  [once.class.name, e.class.name]
end
