# frozen_string_literal: true

# What an app is told of its calls. Run by observability_spec.rb.
require_relative "report"
require "stringio"

log = StringIO.new
ActiveSupport::LogSubscriber.logger = Logger.new(log, formatter: ->(severity, _, _, text) { "#{severity} #{text}\n" })
ActiveSupport::LogSubscriber.colorize_logging = false
events = []
ActiveSupport::Notifications.subscribe(/prompt_tracker_native\z/) { |event| events << event }

if GROUPS.include?(:newer)
  PromptTracker::LlmClients::OpenaiAssistantService.call(assistant_id: "asst_elsewhere", user_message: "Hello!")
else
  PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_elsewhere", prompt: "Hello!")
end

Report["log"] = log.string.lines.grep(/PromptTracker/)
Report["events"] = events.map(&:name).tally
Report["call"] = events.find { |event| event.name.start_with?("call") }.payload.except(:exception_object)
Report["doctor"] = PromptTracker::Native.doctor(out: nil, timeout: 30).to_h
