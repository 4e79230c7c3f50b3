# frozen_string_literal: true

require "json"

module Bench
  # What goes over the wire in an assistant call, in the shapes that OpenAI's API has.
  module Wire
    THREAD = "thread_Bench000000000000000001"
    RUN = "run_Bench000000000000000000001"
    MESSAGE = "msg_Bench000000000000000000001"
    STEP = "step_Bench00000000000000000001"
    RESPONSE = "resp_Bench00000000000000000001"
    ASSISTANT = "asst_Bench00000000000000000001"
    KEY = "sk-bench-0123456789abcdefghij"
    PROMPT = "What will the weather be like in Berlin today?"
    TEXT = "It will be mild and mostly sunny in Berlin today, with a light wind from the west and 21 degrees."
    USAGE = { prompt_tokens: 42, completion_tokens: 23, total_tokens: 65 }.freeze
    CREATED = 1_714_433_728

    module_function

    # The body of the one streamed request, for contenders that are no OpenAI clients.
    def request
      JSON.generate(assistant_id: ASSISTANT, thread: { messages: [{ role: "user", content: PROMPT }] }, stream: true)
    end

    def thread = { id: THREAD, object: "thread", created_at: CREATED, metadata: {}, tool_resources: {} }

    def message(status: "completed", role: "assistant", text: TEXT)
      content = text ? [{ type: "text", text: { value: text, annotations: [] } }] : []
      { id: MESSAGE, object: "thread.message", created_at: CREATED, assistant_id: ASSISTANT, thread_id: THREAD,
        run_id: RUN, status: status, incomplete_details: nil, incomplete_at: nil, completed_at: CREATED, role: role,
        content: content, attachments: [], metadata: {} }
    end

    def run(status)
      { id: RUN, object: "thread.run", created_at: CREATED, assistant_id: ASSISTANT, thread_id: THREAD, status: status,
        started_at: CREATED, expires_at: nil, cancelled_at: nil, failed_at: nil, completed_at: nil,
        required_action: nil, last_error: nil, model: "gpt-4o", instructions: "You know the weather. Be brief.",
        tools: [], tool_resources: {}, metadata: {}, temperature: 1.0, top_p: 1.0, max_completion_tokens: nil,
        max_prompt_tokens: nil, truncation_strategy: { type: "auto", last_messages: nil }, incomplete_details: nil,
        usage: status == "completed" ? USAGE : nil, response_format: "auto", tool_choice: "auto",
        parallel_tool_calls: true }
    end

    def step(status)
      { id: STEP, object: "thread.run.step", created_at: CREATED, run_id: RUN, assistant_id: ASSISTANT,
        thread_id: THREAD, type: "message_creation", status: status, cancelled_at: nil, completed_at: nil,
        expires_at: nil, failed_at: nil, last_error: nil,
        step_details: { type: "message_creation", message_creation: { message_id: MESSAGE } },
        usage: status == "completed" ? USAGE : nil }
    end

    def messages = { object: "list", data: [message], first_id: MESSAGE, last_id: MESSAGE, has_more: false }

    def delta(words)
      { id: MESSAGE, object: "thread.message.delta",
        delta: { content: [{ index: 0, type: "text", text: { value: words } }] } }
    end

    # Every event of a streamed run in a new thread, a delta for each word.
    #
    # @return [Array<String>]
    def events
      started = message(status: "in_progress", text: nil)
      before = [["thread.created", thread], ["thread.run.created", run("queued")], ["thread.run.queued", run("queued")],
                ["thread.run.in_progress", run("in_progress")], ["thread.run.step.created", step("in_progress")],
                ["thread.run.step.in_progress", step("in_progress")], ["thread.message.created", started],
                ["thread.message.in_progress", started]]
      words = TEXT.scan(/\s*\S+/).map { |word| ["thread.message.delta", delta(word)] }
      after = [["thread.message.completed", message], ["thread.run.step.completed", step("completed")],
               ["thread.run.completed", run("completed")]]
      (before + words + after).map { |name, data| frame(name, JSON.generate(data)) } << frame("done", "[DONE]")
    end

    # The same answer as a streamed response of the Responses API.
    #
    # @return [Array<String>]
    def response_events
      number = -1
      kinds = [["response.created", { response: response("in_progress") }]]
      kinds += TEXT.scan(/\s*\S+/).map do |word|
        ["response.output_text.delta", { item_id: MESSAGE, output_index: 0, content_index: 0, delta: word }]
      end
      kinds << ["response.completed", { response: response("completed") }]
      kinds.map { |kind, data| frame(kind, JSON.generate(type: kind, sequence_number: number += 1, **data)) }
    end

    def response(status)
      done = status == "completed"
      item = { id: MESSAGE, type: "message", status: status, role: "assistant",
               content: [{ type: "output_text", text: TEXT, annotations: [] }] }
      { id: RESPONSE, object: "response", created_at: CREATED, status: status, error: nil, incomplete_details: nil,
        instructions: "You know the weather. Be brief.", model: "gpt-4o", output: done ? [item] : [],
        parallel_tool_calls: true, previous_response_id: nil, store: true, temperature: 1.0,
        text: { format: { type: "text" } },
        tool_choice: "auto", tools: [], top_p: 1.0, truncation: "disabled", metadata: {},
        usage: done ? { input_tokens: 42, output_tokens: 23, total_tokens: 65 } : nil }
    end

    # The same answer as a chat completion, for those who ask for no assistant.
    def chat
      { id: "chatcmpl-Bench", object: "chat.completion", created: CREATED, model: "gpt-4o", usage: USAGE,
        choices: [{ index: 0, message: { role: "assistant", content: TEXT, refusal: nil }, finish_reason: "stop" }] }
    end

    def frame(name, data) = "event: #{name}\ndata: #{data}\n\n"
  end
end
