# frozen_string_literal: true

# Errors. The server is told what to answer, in the order of the steps: Comparison#script.
module Session
  STATUSES = [400, 401, 403, 404, 408, 409, 418, 422, 429, 500, 502, 503].freeze

  step("errors", "an answer for each status") do
    STATUSES.to_h { |status| [status, outcome { client.models.list }] }
  end
  step("errors", "in plain text") { client.models.list }
  step("errors", "in HTML") { client.chat(parameters: { model: "gpt-4o", messages: [] }) }
  step("errors", "while streaming") do
    client.chat(parameters: { model: "gpt-4o", messages: [], stream: proc { |_| raise "called" } })
  end
  # A lost GET may be repeated, so this is a POST.
  step("errors", "a connection that is lost") { client.chat(parameters: { model: "gpt-4o", messages: [] }) }
  step("errors", "a slow server") { client(request_timeout: 0.3).models.list }
  step("errors", "no server") { client(uri_base: "http://127.0.0.1:1/").models.list }
  step("errors", "in a caller's own code") do
    client.chat(parameters: { model: "gpt-4o", messages: [{ role: "user", content: "Hi!" }],
                              stream: proc { |_| raise KeyError, "mine" } })
  end
  step("errors", "of a resource") { client.threads.retrieve(id: "thread_none") }
end
