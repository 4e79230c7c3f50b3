# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require_relative "support"

RSpec.describe "LocalServer: /files and /vector_stores", :local_server do
  form = "multipart/form-data; boundary=xx"

  def part(name, value, more = "")
    "--xx\r\nContent-Disposition: form-data; name=\"#{name}\"#{more}\r\n\r\n#{value}\r\n"
  end

  define_method(:upload) do |content, name: "a.txt", purpose: "assistants", type: form|
    body = "#{part("purpose", purpose)}#{part("file", content, "; filename=\"#{name}\"\r\nContent-Type: text/plain")}" \
           "--xx--\r\n"
    post("/files", body, headers: { "Content-Type" => type })
  end

  def file(...) = upload(...).json["id"]

  it "keeps files" do
    reply = upload("a\r\n--x\r\nb")
    expect(reply.json).to include("id" => /\Afile-\w+\z/, "bytes" => 9, "filename" => "a.txt", "status" => "processed")
    content = get("/files/#{reply.json["id"]}/content")
    expect([content.headers["content-type"], content.text]).to eq(["text/plain", "a\r\n--x\r\nb"])
    expect(server.requests.first.body["file"]).to eq("filename" => "a.txt", "content_type" => "text/plain",
                                                     "content" => "a\r\n--x\r\nb")
    expect(server.requests.first.inspect).to include("9 bytes")
    expect(server.requests.first.inspect).not_to include("--x")
  end

  it "lists them, also by purpose" do
    ids = [file("a"), file("b", purpose: "batch")]
    expect(get("/files?order=asc").json["data"].map { |one| one["id"] }).to eq(ids)
    expect(get("/files?purpose=batch&limit=10000").json["data"].map { |one| one["id"] }).to eq(ids.last(1))
    expect(get("/files?limit=10001").error["code"]).to eq("integer_above_max_value")
  end

  it "has the documented shapes", :schemas do
    expect_schema("OpenAIFile", upload("x").json)
    expect_schema("DeleteFileResponse", delete("/files/#{file("x")}").json)
  end

  it "refuses what OpenAI refuses" do
    expect(post("/files", { purpose: "assistants" }).error["code"]).to eq("unsupported_content_type")
    expect(upload("x", purpose: "dreams").error).to include("param" => "purpose", "code" => "invalid_value")
    expect(post("/files", "#{part("purpose", "batch")}--xx--", headers: { "Content-Type" => form }).error["param"])
      .to eq("file")
    expect(get("/files/file-none").error).to include("message" => "No such File object: file-none")
  end

  describe "a vector store" do
    def make(**fields) = post("/vector_stores", fields).json

    it "takes files in, which are in progress only in that answer" do
      made = make(name: "Terms", file_ids: [file("x")], metadata: { a: "b" })
      expect(made).to include("id" => /\Avs_/, "object" => "vector_store", "status" => "in_progress",
                              "file_counts" => include("in_progress" => 1, "total" => 1))
      expect(get("/vector_stores/#{made["id"]}").json)
        .to include("status" => "completed", "usage_bytes" => 1, "file_counts" => include("completed" => 1))
    end

    it "is listed, changed and deleted" do
      id = make(name: "A")["id"]
      expect(post("/vector_stores/#{id}", { name: "B", expires_after: { anchor: "last_active_at", days: 1 } }).json)
        .to include("name" => "B", "expires_at" => be > Time.now.to_i)
      expect(get("/vector_stores").json["data"].map { |one| one["name"] }).to eq(["B"])
      expect(delete("/vector_stores/#{id}").json).to include("object" => "vector_store.deleted", "deleted" => true)
      expect(get("/vector_stores/#{id}").status).to eq(404)
    end

    it "finds passages by their words, best first" do
      id = make(file_ids: [file("Berlin is sunny today.\n\nParis.", name: "w.md"), file("sunny")])["id"]
      found = post("/vector_stores/#{id}/search", { query: "sunny Berlin" }).json["data"]
      expect(found.map { |one| [one["filename"], one["score"], one["content"][0]["text"]] })
        .to eq([["w.md", 1.0, "Berlin is sunny today."], ["a.txt", 0.5, "sunny"]])
      page = post("/vector_stores/#{id}/search", { query: ["sunny"], max_num_results: 1 }).json
      expect(page).to include("has_more" => true, "data" => [anything])
      expect(post("/vector_stores/#{id}/search", {}).error["param"]).to eq("query")
    end

    it "filters by attributes" do
      id = make["id"]
      { "x 1" => 1, "x 2" => 2 }.each do |text, year|
        post("/vector_stores/#{id}/files", { file_id: file(text), attributes: { year: year } })
      end
      find = lambda do |filter|
        post("/vector_stores/#{id}/search", { query: "x", filters: filter }).json["data"].map do |one|
          one["attributes"]["year"]
        end
      end
      one = { type: "eq", key: "year", value: 1 }
      two = { type: "gt", key: "year", value: 1 }
      expect([one, two, { type: "and", filters: [one, two] }, { type: "or", filters: [one, two] },
              { type: "nin", key: "year", value: [1] }].map(&find)).to eq([[1], [2], [], [1, 2], [2]])
    end

    it "has files that come and go" do
      id = make["id"]
      file = file("x")
      expect(post("/vector_stores/#{id}/files", { file_id: file }).json)
        .to include("id" => file, "object" => "vector_store.file", "status" => "in_progress")
      expect(get("/vector_stores/#{id}/files/#{file}").json["status"]).to eq("completed")
      expect(get("/vector_stores/#{id}/files?filter=failed").json["data"]).to eq([])
      expect(delete("/vector_stores/#{id}/files/#{file}").json).to include("object" => "vector_store.file.deleted")
      expect(get("/files/#{file}").status).to eq(200)
      expect(post("/vector_stores/#{id}/files", { file_id: "file-none" }).status).to eq(404)
    end

    it "takes batches, which can be cancelled until they are looked at" do
      id = make["id"]
      batches = Array.new(2) { post("/vector_stores/#{id}/file_batches", { file_ids: [file("x")] }).json }
      expect(batches.first).to include("object" => "vector_store.files_batch", "status" => "in_progress")
      path = "/vector_stores/#{id}/file_batches/#{batches.last["id"]}"
      expect(post("#{path}/cancel").json).to include("status" => "cancelled")
      expect(get(path).json).to include("status" => "cancelled", "file_counts" => include("cancelled" => 1))
      expect(get("/vector_stores/#{id}/file_batches/#{batches.first["id"]}/files").json["data"])
        .to match([include("status" => "completed")])
    end
  end
end
