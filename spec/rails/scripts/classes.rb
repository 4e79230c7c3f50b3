# frozen_string_literal: true

# Whose classes an app has, and whether they are of use. Run by load_order_spec.rb and others, in every kind of app.
require_relative "report"

Native = PromptTracker::Native
NAMES = %w[OpenaiAssistantService LlmClientService LlmClients::OpenaiAssistantService].freeze

Report["home"] = Native::Services.home.name
Report["classes"] = NAMES.to_h do |name|
  klass = "PromptTracker::#{name}".safe_constantize
  gems = klass && klass <= Native::Services.const_get(name.demodulize)
  [name, gems ? "gem" : klass && Report.written_in(klass.method(:call))]
end
Report["configuration"] = PromptTracker.configuration.class.name
Report["files"] = Rails.autoloaders.main.instance_variable_get(:@ignored_paths).map do |path|
  path.split("/").last(3).join("/")
end
Report["environment"] = { "env" => Rails.env, "eager" => Rails.application.config.eager_load,
                          "bootsnap" => defined?(Bootsnap) ? true : false }
Report["prefix"] = PromptTracker.table_name_prefix if PromptTracker.respond_to?(:table_name_prefix)
if GROUPS.include?(:own)
  Report["note"] = PromptTracker::Note.table_name
  Report["loads"] = [nil, Time.now].map do |changed|
    File.utime(changed, changed, Rails.root.join("own/models/prompt_tracker.rb")) if changed
    Rails.application.reloader.reload!
    [PromptTracker.loads, PromptTracker::Note.table_name]
  end
end
Report["parent"] = Process.ppid

ask = { assistant_id: "asst_elsewhere", timeout: 30 }
Report["asked"] = Native::Services::OpenaiAssistantService.call(**ask, prompt: "Hello!")[:raw][:run_id][/\A[a-z]+/]
if GROUPS.include?(:newer)
  Report["answer"] = PromptTracker::LlmClients::OpenaiAssistantService.call(**ask, user_message: "Hello!").text
elsif PromptTracker::OpenaiAssistantService.method(:call).parameters.include?(%i[keyreq prompt])
  Report["answer"] = PromptTracker::OpenaiAssistantService.call(**ask, prompt: "Hello!")[:text]
end
