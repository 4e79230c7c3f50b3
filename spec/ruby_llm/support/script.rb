# frozen_string_literal: true

# Runs in a bundle with the real ruby_llm, against the server at ARGV[0]; prints what came of each call as one JSON.
require "json"
require "ruby_llm"
require "prompt_tracker/native"

RubyLLM.configure do |config|
  config.openai_api_key = "sk-local-0123456789abcdefghij"
  config.openai_api_base = ARGV.fetch(0)
  config.max_retries = 0
end

def service = PromptTracker::LlmClientService

def outcome
  result = yield
  { text: result[:text], usage: result[:usage], model: result[:model], raw: result[:raw].class.name }
rescue StandardError => e
  { error: e.class.name, message: e.message, cause: e.cause.class.name }
end

def call(prompt: "Hello!", **more, &block)
  outcome { service.call(provider: "openai", model: "gpt-4o", prompt: prompt, **more, &block) }
end

schema = { type: "object", properties: { score: { type: "number" } }, required: ["score"], additionalProperties: false }
text = +""
report = {
  version: RubyLLM::VERSION,
  call: call(max_tokens: 100, temperature: 0.2, top_p: 0.5, timeout: 30),
  bare: call(temperature: nil),
  schema: outcome do
    service.call_with_schema(provider: "openai", model: "gpt-4o", prompt: "Hello!", schema: schema,
                             max_tokens: 50, temperature: 0.1, top_p: 0.4)
  end,
  block: call { |delta| text << delta },
  failure: call(prompt: "Fail!"),
  unknown: outcome { service.call(provider: "openai", model: "no-such-model", prompt: "Hello!") }
}
PromptTracker::Native.configure { |c| c.ruby_llm_params = false }
report[:without_params] = call(max_tokens: 100, temperature: 0.2, top_p: 0.5)
puts JSON.generate(report.merge(deltas: text))
