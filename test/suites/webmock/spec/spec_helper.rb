# frozen_string_literal: true

require "prompt_tracker/native"
require "rack"
require "tmpdir"
require "vcr"
require "webmock/rspec" # after the gem: the other order is tried in processes of their own

VCR.configure do |config|
  config.hook_into :webmock
  config.ignore_localhost = false
  config.default_cassette_options = { allow_unused_http_interactions: false, match_requests_on: %i[method uri body] }
end
VCR.turn_off!

module Asking
  URL = "https://api.openai.com/v1"
  AssistantError = PromptTracker::OpenaiAssistantService::AssistantError

  def ask(prompt = "Hello!", assistant: "asst_1", **more, &block)
    PromptTracker::OpenaiAssistantService.call(assistant_id: assistant, prompt: prompt, **more, &block)
  end

  def configure(&block) = PromptTracker::Native.configure(&block)

  def json(object, status: 200, **headers)
    { status: status, body: object.to_json, headers: { "Content-Type" => "application/json", **headers } }
  end

  # A stream of server-sent events.
  def events(*pairs)
    body = pairs.map { |name, data| "event: #{name}\ndata: #{data.is_a?(String) ? data : data.to_json}\n\n" }.join
    { body: body, headers: { "Content-Type" => "text/event-stream" } }
  end

  def message(text)
    { id: "msg_1", role: "assistant", run_id: "run_1", content: [{ type: "text", text: { value: text } }] }
  end

  def run(status, **more) = { id: "run_1", object: "thread.run", thread_id: "thread_1", status: status, **more }

  def answered(text)
    events(["thread.run.created", run("queued")],
           ["thread.message.delta", { id: "msg_1", delta: { content: [{ index: 0, text: { value: text } }] } }],
           ["thread.message.completed", message(text)], ["thread.run.completed", run("completed")], ["done", "[DONE]"])
  end

  # The classic requests, all well.
  def stub_classic(text = "It is sunny.")
    stub_request(:post, "#{URL}/threads").to_return(json({ id: "thread_1" }))
    stub_request(:post, "#{URL}/threads/thread_1/messages").to_return(json({ id: "msg_0" }))
    stub_request(:post, "#{URL}/threads/thread_1/runs").to_return(json(run("queued")))
    stub_request(:get, "#{URL}/threads/thread_1/runs/run_1").to_return(json(run("completed")))
    stub_request(:get, "#{URL}/threads/thread_1/messages?limit=1&order=desc").to_return(json({ data: [message(text)] }))
  end
end

RSpec.configure do |config|
  config.disable_monkey_patching!
  config.include Asking
  config.before do
    PromptTracker::Native.reset_configuration!
    WebMock.enable!
    WebMock.disable_net_connect!
    ENV["OPENAI_API_KEY"] = "sk-app"
    ENV.delete("OPENAI_BASE_URL")
  end
  callbacks = WebMock::CallbackRegistry.callbacks.dup # VCR's
  config.after { WebMock::CallbackRegistry.callbacks.replace(callbacks) }

  config.before(:each, :server) do
    WebMock.allow_net_connect!
    ENV["OPENAI_BASE_URL"] = ($server ||= PromptTracker::Native::LocalServer.start).reset.url # rubocop:disable Style/GlobalVars
  end
  config.after(:suite) { $server&.stop } # rubocop:disable Style/GlobalVars
end
