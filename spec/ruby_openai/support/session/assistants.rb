# frozen_string_literal: true

# Threads, messages, runs and assistants.
module Session
  step("assistants", "threads") do
    made = client.threads.create(parameters: { messages: [{ role: "user", content: "Hello, wörld!" }] })
    [made, client.threads.retrieve(id: made["id"]),
     client.threads.modify(id: made["id"], parameters: { metadata: { a: "b" } }), client.threads.delete(id: made["id"])]
  end
  step("assistants", "assistants") do
    made = client.assistants.create(parameters: { model: "gpt-4o", name: "Tutor" })
    [made, client.assistants.list, client.assistants.retrieve(id: made["id"]),
     client.assistants.modify(id: made["id"], parameters: { name: "T." }), client.assistants.delete(id: made["id"])]
  end
  step("assistants", "messages") do
    made = client.messages.create(thread_id: thread, parameters: { role: "user", content: "Hi!" })
    ids = { thread_id: thread, id: made["id"] }
    [made, client.messages.list(thread_id: thread, parameters: { limit: 1, order: "asc" }),
     client.messages.retrieve(**ids), client.messages.modify(**ids, parameters: { metadata: { a: "b" } }),
     client.messages.delete(**ids)]
  end
  step("assistants", "runs") do
    client.messages.create(thread_id: thread, parameters: { role: "user", content: "Hi!" })
    run = client.runs.create(thread_id: thread, parameters: { assistant_id: assistant })
    ids = { thread_id: thread, id: run["id"] }
    [run["status"], client.runs.retrieve(**ids), client.runs.list(thread_id: thread),
     client.runs.modify(**ids, parameters: { metadata: { a: "b" } }),
     client.run_steps.list(thread_id: thread, run_id: run["id"]).then do |steps|
       [steps, client.run_steps.retrieve(thread_id: thread, run_id: run["id"], id: steps["data"][0]["id"])]
     end]
  end
  step("assistants", "query of a run") do
    client.runs.create(thread_id: thread, parameters: { assistant_id: assistant },
                       query_parameters: { include: ["step_details.tool_calls[*].file_search.results[*].content"] })
  end
  step("assistants", "a thread and its run") do
    client.runs.create_thread_and_run(
      parameters: { assistant_id: assistant, thread: { messages: [{ role: "user", content: "Hi!" }] } }
    )
  end
  step("assistants", "a run streamed to one argument") do
    kinds = []
    gave = client.runs.create_thread_and_run(
      parameters: { assistant_id: assistant, thread: { messages: [{ role: "user", content: "Hi!" }] },
                    stream: proc { |data| kinds << data["object"] } }
    )
    [gave, kinds]
  end
  step("two arguments", "a run streamed") do
    events = []
    client.runs.create(thread_id: thread, parameters: { assistant_id: assistant,
                                                        stream: ->(data, event) { events << [event, data["object"]] } })
    events
  end
  step("two arguments", "to an object") do
    taker = Class.new do
      attr_reader :seen

      def call(_data, event) = (@seen ||= []) << event
    end.new
    client.runs.create(thread_id: thread, parameters: { assistant_id: assistant, stream: taker })
    taker.seen
  end
end
