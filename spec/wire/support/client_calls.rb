# frozen_string_literal: true

module Wire
  # What there is at a server for the calls below to name.
  Ids = Struct.new(:assistant, :thread, :message, :run, :step, :call, :model, keyword_init: true)

  # One call of the Client for each request that it can send: the request as OpenAI's document names it, and the call.
  CLIENT_CALLS = {
    "GET /assistants" => ->(client, _ids) { client.assistants.list },
    "POST /assistants" => lambda do |client, _ids|
      client.assistants.create(parameters: { model: "gpt-4o", name: "Weather", instructions: "Be brief.",
                                             tools: [{ type: "code_interpreter" }], metadata: { team: "a" } })
    end,
    "GET /assistants/{assistant_id}" => ->(client, ids) { client.assistants.retrieve(id: ids.assistant) },
    "POST /assistants/{assistant_id}" => lambda do |client, ids|
      client.assistants.modify(id: ids.assistant, parameters: { instructions: "Be brief.", temperature: 0.2 })
    end,
    "DELETE /assistants/{assistant_id}" => ->(client, ids) { client.assistants.delete(id: ids.assistant) },

    "POST /threads" => ->(client, _ids) { client.threads.create },
    "GET /threads/{thread_id}" => ->(client, ids) { client.threads.retrieve(id: ids.thread) },
    "POST /threads/{thread_id}" => lambda do |client, ids|
      client.threads.modify(id: ids.thread, parameters: { metadata: { modified: "true" } })
    end,
    "DELETE /threads/{thread_id}" => ->(client, ids) { client.threads.delete(id: ids.thread) },

    "GET /threads/{thread_id}/messages" => lambda do |client, ids|
      client.messages.list(thread_id: ids.thread, parameters: { order: "desc", limit: 1, run_id: nil })
    end,
    "POST /threads/{thread_id}/messages" => lambda do |client, ids|
      client.messages.create(thread_id: ids.thread, parameters: { role: "user", content: "Hello! ¿Qué tal? 🌍" })
    end,
    "GET /threads/{thread_id}/messages/{message_id}" => lambda do |client, ids|
      client.messages.retrieve(thread_id: ids.thread, id: ids.message)
    end,
    "POST /threads/{thread_id}/messages/{message_id}" => lambda do |client, ids|
      client.messages.modify(thread_id: ids.thread, id: ids.message, parameters: { metadata: { modified: "true" } })
    end,
    "DELETE /threads/{thread_id}/messages/{message_id}" => lambda do |client, ids|
      client.messages.delete(thread_id: ids.thread, id: ids.message)
    end,

    "GET /threads/{thread_id}/runs" => lambda do |client, ids|
      client.runs.list(thread_id: ids.thread, parameters: { limit: 5, order: "asc" })
    end,
    "POST /threads/{thread_id}/runs" => lambda do |client, ids|
      client.runs.create(thread_id: ids.thread, parameters: { assistant_id: ids.assistant },
                         query_parameters: { include: ["step_details.tool_calls[*].file_search.results[*].content"] })
    end,
    "POST /threads/runs" => lambda do |client, ids|
      client.runs.create_thread_and_run(
        parameters: { assistant_id: ids.assistant, thread: { messages: [{ role: "user", content: "Hello!" }] } }
      )
    end,
    "GET /threads/{thread_id}/runs/{run_id}" => lambda do |client, ids|
      client.runs.retrieve(thread_id: ids.thread, id: ids.run)
    end,
    "POST /threads/{thread_id}/runs/{run_id}" => lambda do |client, ids|
      client.runs.modify(id: ids.run, thread_id: ids.thread, parameters: { metadata: { user_id: "user_abc123" } })
    end,
    "POST /threads/{thread_id}/runs/{run_id}/cancel" => lambda do |client, ids|
      client.runs.cancel(id: ids.run, thread_id: ids.thread)
    end,
    "POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs" => lambda do |client, ids|
      client.runs.submit_tool_outputs(
        thread_id: ids.thread, run_id: ids.run, parameters: { tool_outputs: [{ tool_call_id: ids.call, output: "21" }] }
      )
    end,

    "GET /threads/{thread_id}/runs/{run_id}/steps" => lambda do |client, ids|
      client.run_steps.list(thread_id: ids.thread, run_id: ids.run, parameters: { order: "asc" })
    end,
    "GET /threads/{thread_id}/runs/{run_id}/steps/{step_id}" => lambda do |client, ids|
      client.run_steps.retrieve(thread_id: ids.thread, run_id: ids.run, id: ids.step)
    end,

    "POST /chat/completions" => lambda do |client, ids|
      client.chat(parameters: { model: ids.model, messages: [{ role: "user", content: "Hello!" }], temperature: 0.7 })
    end,
    "GET /models" => ->(client, _ids) { client.models.list },
    "GET /models/{model}" => ->(client, ids) { client.models.retrieve(id: ids.model) },
    "DELETE /models/{model}" => ->(client, ids) { client.models.delete(id: ids.model) }
  }.freeze
end
