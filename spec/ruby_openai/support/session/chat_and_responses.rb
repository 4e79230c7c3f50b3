# frozen_string_literal: true

# Chat, models, responses and conversations.
module Session
  step("chat", "whole") do
    client.chat(parameters: { model: "gpt-4o", messages: [{ role: "user", content: "Hi – there" }], temperature: 0.7 })
  end
  step("chat", "streamed") do
    text = +""
    gave = client.chat(parameters: { model: "gpt-4o", messages: [{ role: "user", content: "Hi!" }],
                                     stream: proc { |chunk|
                                       text << chunk.dig("choices", 0, "delta", "content").to_s
                                     } })
    [gave, text]
  end
  step("chat", "a stream that can't be called") do
    client.chat(parameters: { model: "gpt-4o", messages: [], stream: "yes" })
  end
  step("chat", "a stream that is refused") do
    client.chat(parameters: { messages: [], stream: proc { |_| } })
  end
  step("chat", "models") { [client.models.list, client.models.retrieve(id: "gpt-4o")] }
  step("chat", "an unknown model") { client.models.retrieve(id: "gpt-0") }
  step("chat", "any path") do
    [client.get(path: "/models"), client.json_post(path: "/threads", parameters: {}, query_parameters: { a: [1, 2] }),
     client.post(path: "/conversations"), client.delete(path: "/models/gpt-4o")]
  end

  step("responses", "responses") do
    made = client.responses.create(parameters: { model: "gpt-4o", input: "Hi!" })
    id = { response_id: made["id"] }
    [made, client.responses.retrieve(**id), client.responses.input_items(**id, parameters: { limit: 1 }),
     client.responses.delete(**id)]
  end
  step("responses", "streamed") do
    events = []
    client.responses.create(parameters: { model: "gpt-4o", input: "Hi!", stream: ->(_data, event) { events << event } })
    events
  end
  step("responses", "conversations") do
    made = client.conversations.create(parameters: { metadata: { a: "b" } })
    id = { conversation_id: made["id"] }
    items = client.conversations.create_items(**id, parameters: { items: [{ role: "user", content: "Hi!" }] })
    item = { item_id: items["data"][0]["id"] }
    [made, items, client.conversations.list_items(**id, parameters: { limit: 5 }),
     client.conversations.get_item(**id, **item), client.conversations.delete_item(**id, **item),
     client.conversations.modify(id: made["id"], parameters: { metadata: { c: "d" } }),
     client.conversations.retrieve(id: made["id"]), client.conversations.delete(id: made["id"])]
  end
end
