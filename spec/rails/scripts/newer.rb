# frozen_string_literal: true

# The newer generation's app: all that an app does with the service. Run by newer_generation_spec.rb.
require_relative "report"

Native = PromptTracker::Native
Service = PromptTracker::LlmClients::OpenaiAssistantService
Report.migrate

Report["classes"] = {
  "home" => Native::Services.home.name, "superclass" => Service.superclass.name,
  "new" => Service.instance_method(:initialize).parameters,
  "error" => Service::AssistantError.superclass.name,
  "first" => PromptTracker.const_defined?(:OpenaiAssistantService),
  "chat" => Report.written_in(PromptTracker::LlmClientService.method(:call)),
  "sibling" => Report.written_in(PromptTracker::LlmClients::RubyLlmService.method(:call)),
  "namespace" => PromptTracker::LlmClients.names
}
Report["configuration"] = PromptTracker.configuration.class.name

agent = PromptTracker::Agent.create!(name: "Weather")
tools = { tools: %w[file_search], tool_config: { file_search: { vector_store_ids: ["vs_1"] } } }
agent.agent_versions.create!(system_prompt: "Old.", model_config: { model: "gpt-4", assistant_id: "asst_kept" })
agent.agent_versions.create!(
  system_prompt: "Be brief.", notes: "Knows the weather",
  model_config: { provider: "openai", api: "assistants", model: "gpt-4o", **tools,
                  metadata: { assistant_id: "asst_kept" } }
)
Report["definition"] = Native::Definitions.find("asst_kept").then do |found|
  { "request" => found.request, "source" => found.source, "name" => found.to_h["name"] }
end

shown = lambda do |answer|
  raw = answer.raw_response
  { "class" => answer.class.name, "text" => answer.text, "usage" => answer.usage, "model" => answer.model,
    "thread_id" => answer.thread_id, "run_id" => answer.run_id, "keys" => raw.keys,
    "steps" => raw[:run_steps]["data"].map do |step|
      step.values_at("type", "status", "run_id", "thread_id", "assistant_id")
    end,
    "annotations" => raw[:annotations] }
end
first = Service.call(assistant_id: "asst_kept", user_message: "Hello!")
second = Service.call(assistant_id: "asst_kept", user_message: "And then?", thread_id: first.thread_id)
Report["turns"] = [shown[first], shown[second]]
classic = Service.call(assistant_id: "asst_elsewhere", user_message: "Hello!", timeout: 30)
Report["classic"] = shown[classic]
service = Service.new(assistant_id: "asst_kept", user_message: "Hi", thread_id: "conv_1", timeout: 5)
Report["readers"] = [service.assistant_id, service.user_message, service.existing_thread_id, service.timeout,
                     service.client.class.name]

PromptTracker::AskJob.perform_now("asst_kept", "What's the weather?")
Report["job"] = PromptTracker::AskJob.results.last
Report["web"] = Report.get("/prompt_tracker/answer?assistant_id=asst_kept&prompt=Hi")
runner = PromptTracker::Openai::ConversationRunner.new(assistant_id: "asst_kept")
Report["conversation"] = { "messages" => runner.run!("Hello!", "And then?").size, "gem's" => OpenAI::Client <= Native::Client,
                           "thread" => runner.thread_id[/\A[a-z]+/] }

before = { service: Service, siblings: PromptTracker::LlmClients::RubyLlmService,
           normalizer: PromptTracker::LlmResponseNormalizers::Openai::Assistants }
counts = Array.new(20) do
  Rails.application.reloader.reload!
  Counting.counts.clear
  PromptTracker::LlmClients::OpenaiAssistantService.call(assistant_id: "asst_kept", user_message: "Hello!")
  Counting.counts.dup
end
Report["reload"] = {
  "service" => PromptTracker::LlmClients::OpenaiAssistantService.equal?(before[:service]),
  "sibling" => PromptTracker::LlmClients::RubyLlmService.equal?(before[:siblings]),
  "normalizer" => PromptTracker::LlmResponseNormalizers::Openai::Assistants.equal?(before[:normalizer]),
  "counts" => counts.uniq
}

config = PromptTracker.configuration
config.api_keys = {}
Report["no key"] = Report.error { Service.call(assistant_id: "asst_kept", user_message: "Hi") }
config.api_keys = { openai: ENV.fetch("ENGINE_OPENAI_KEY") }
Report["bad thread"] = Report.error { Service.call(assistant_id: "asst_kept", user_message: "Hi", thread_id: "a b") }
Native.configure { |c| c.api = :responses }
Report["unknown"] = Report.error { Service.call(assistant_id: "asst_elsewhere", user_message: "Hi") }
