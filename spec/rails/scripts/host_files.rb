# frozen_string_literal: true

# Which files are found to be the host's services, by where they lie. Run by kinds_of_apps_spec.rb.
require_relative "report"

HostFiles = PromptTracker::Native::Railtie::HostFiles
folder = ENV.fetch("PTN_APP_TMP")
put = lambda do |path, text = ""|
  file = File.join(folder, path)
  FileUtils.mkdir_p(File.dirname(file))
  File.write(file, text)
end
put["plain/prompt_tracker/llm_client_service.rb"]
put["inside/openai_assistant_service.rb"]
put["deeper/llm_clients/openai_assistant_service.rb"]
put["deepest/openai_assistant_service.rb"]
put["between/prompt_tracker/openai_assistant_service.rb", "def self.call(assistant_id:,\n  user_message:, timeout: 60)"]

llm_clients = PromptTracker.const_set(:LlmClients, Module.new)
roots = { "plain" => Object, "inside" => PromptTracker, "deeper" => PromptTracker, "deepest" => llm_clients,
          "between" => Object }
Report["generations"] = roots.to_h do |name, namespace|
  [name, HostFiles.new({ File.join(folder, name) => namespace }).generation]
end

all = HostFiles.new(roots.transform_keys { |name| File.join(folder, name) })
relative = ->(names) { names.map { |file| file.delete_prefix("#{folder}/") } }
Report["first"] = relative[all.find(HostFiles::FIRST)]
Report["newer"] = relative[all.find(HostFiles::NEWER)]
Report["chat"] = relative[all.find(HostFiles::CHAT)]
Rails.autoloaders.main.inflector.inflect("llm_client_service" => "LLMClientService")
Report["acronym"] = relative[all.find(HostFiles::CHAT)]
