# frozen_string_literal: true

# Files and vector stores.
module Session
  BYTES = "#{(0..255).map(&:chr).join}\r\n--x--\n".b

  step("files", "from a path") { client.files.retrieve(id: file("a.bin", BYTES)) }
  step("files", "from a File, which is closed") do
    Tempfile.create("session") do |temporary|
      temporary.write("from a file")
      temporary.flush
      open = File.open(temporary.path)
      made = client.files.upload(parameters: { file: open, purpose: "assistants" })
      [made.except("filename"), open.closed?]
    end
  end
  step("files", "from a StringIO, which stays open") do
    io = StringIO.new("from memory")
    [client.files.upload(parameters: { file: io, purpose: "assistants" }), io.closed?]
  end
  step("files", "with more fields") do
    client.files.upload(parameters: { file: StringIO.new("x"), purpose: "batch",
                                      expires_after: { anchor: "created_at", seconds: 3600 } })
  end
  step("files", "content of bytes") { client.files.content(id: file("a.bin", BYTES)) }
  step("files", "content of text") { client.files.content(id: file("a.txt", "Zwölf\nBoxkämpfer")) }
  step("files", "content of JSON") { client.files.content(id: file("a.json", %({"a": [1, "ü"]}))) }
  step("files", "content of JSON Lines") { client.files.content(id: file("a.jsonl", %({"a": 1}\n{"b": 2}\n))) }
  step("files", "list") { client.files.list(parameters: { purpose: "assistants", limit: 1 }) }
  step("files", "delete") { client.files.delete(id: file("a.txt", "")) }
  step("files", "no file") { client.files.upload(parameters: { file: 3, purpose: "assistants" }) }
  step("files", "a path of nothing") { client.files.upload(parameters: { file: "/none", purpose: "assistants" }) }
  step("files", "JSON Lines that aren't") { file("b.jsonl", "{}\n{oh\n") }
  step("files", "a file that isn't there") { client.files.retrieve(id: "file-none") }

  step("vector stores", "stores") do
    made = client.vector_stores.create(parameters: { name: "Terms", file_ids: [file("v.txt", "Berlin is sunny.")] })
    id = { id: made["id"] }
    kept[:store] = made["id"]
    [made, client.vector_stores.retrieve(**id), client.vector_stores.modify(**id, parameters: { name: "T" }),
     client.vector_stores.list(parameters: { limit: 1 })]
  end
  step("vector stores", "files") do
    id = { vector_store_id: kept[:store] }
    made = client.vector_store_files.create(**id, parameters: { file_id: file("w.txt", "Rome is rainy.") })
    [made, client.vector_store_files.retrieve(**id, id: made["id"]),
     client.vector_store_files.list(**id, parameters: { filter: "completed" }),
     client.vector_store_files.delete(**id, id: made["id"])]
  end
  step("vector stores", "batches") do
    id = { vector_store_id: kept[:store] }
    made = client.vector_store_file_batches.create(**id, parameters: { file_ids: [file("w.txt", "")] })
    both = { **id, id: made["id"] }
    [made, client.vector_store_file_batches.cancel(**both), client.vector_store_file_batches.retrieve(**both),
     client.vector_store_file_batches.list(**both, parameters: { limit: 1 })]
  end
  step("search", "a store") do
    store = client.vector_stores.create(parameters: { file_ids: [file("v.txt", "Berlin is sunny.")] })["id"]
    [client.vector_stores.search(id: store, parameters: { query: "sunny" }), client.vector_stores.delete(id: store)]
  end
end
