# frozen_string_literal: true

require "prompt_tracker/native/rspec"

# No example that is not about a server may open a socket.
module NoSockets
  def self.opened = ObjectSpace.each_object(BasicSocket).count { |socket| !socket.closed? }
end

require "socket"

RSpec.configure do |config|
  config.disable_monkey_patching!
  config.mock_with(:rspec) { |mocks| mocks.verify_partial_doubles = true }
  config.around do |example|
    PromptTracker::Native.reset_configuration!
    example.run
  end
end

module Asking
  AssistantError = PromptTracker::OpenaiAssistantService::AssistantError

  def ask(prompt = "Hello!", assistant: "asst_1", **more, &block)
    PromptTracker::OpenaiAssistantService.call(assistant_id: assistant, prompt: prompt, **more, &block)
  end
end

RSpec.configure { |config| config.include Asking }

# The wires and flows on which every stub means the same.
WAYS = {
  "streamed" => ->(_) { {} },
  "polled" => ->(_) { { flow: :polling } },
  "on Responses" => lambda do |config|
    config.assistants = lambda { |_|
      { model: "gpt-4o", instructions: "Be short.", tools: [{ type: "function", function: { name: "get_weather" } }] }
    }
    {}
  end,
  "on Responses, as one JSON answer" => lambda do |config|
    config.assistants = ->(_) { { model: "gpt-4o" } }
    { flow: :polling }
  end
}.freeze
