# frozen_string_literal: true

require "pathname"
require "stringio"
require "tempfile"
require "tmpdir"

RSpec.describe PromptTracker::Native::Client::Files, :server do
  let(:client) { PromptTracker::Native::Client.new }
  let(:files) { client.files }
  let(:folder) { Dir.mktmpdir }
  # Every byte there is, ends of lines, and what looks like a boundary.
  let(:bytes) { "#{(0..255).map(&:chr).join}\r\n--ptn-\r\n\n".b }

  after { FileUtils.remove_entry(folder) }

  def written(name, content = bytes)
    File.join(folder, name).tap { |path| File.binwrite(path, content) }
  end

  def upload(file, **more) = files.upload(parameters: { file: file, purpose: "assistants", **more })

  def sent = requests.last.body

  it "uploads, lists, retrieves, gives the content and deletes" do
    made = upload(written("a.pdf"))
    expect(made).to include("object" => "file", "bytes" => bytes.bytesize, "filename" => "a.pdf",
                            "purpose" => "assistants")
    expect(files.list["data"]).to eq([made])
    expect(files.list(parameters: { purpose: "batch" })["data"]).to eq([])
    expect(files.retrieve(id: made["id"])).to eq(made)
    expect(files.content(id: made["id"])).to eq(bytes)
    expect(files.delete(id: made["id"])).to eq("id" => made["id"], "object" => "file", "deleted" => true)
    expect { files.retrieve(id: made["id"]) }.to raise_error(PromptTracker::Native::HTTPError, /No such File object/)
    expect(request_lines.first).to eq("POST /files")
  end

  {
    "a path" => ->(path) { path },
    "a Pathname" => ->(path) { Pathname(path) },
    "a File" => ->(path) { File.open(path) },
    "a File that was read" => ->(path) { File.open(path).tap(&:read) },
    "a Tempfile" => ->(path) { Tempfile.create.tap { |file| IO.copy_stream(path, file) } },
    "a StringIO" => ->(path) { StringIO.new(File.binread(path)) },
    "a StringIO of text" => ->(path) { StringIO.new(File.binread(path).force_encoding("UTF-8")) },
    "a pipe" => lambda { |path|
      IO.pipe.then { |reader, writer| reader.tap { writer.tap { |end_| end_.write(File.binread(path)) }.close } }
    }
  }.each do |what, make|
    it "sends the bytes of #{what} unchanged" do
      file = make.call(written("a.pdf"))
      upload(file)
      expect(sent["file"]["content"]).to eq(bytes)
      expect(file).to be_closed if file.is_a?(File)
    ensure
      file.close if file.is_a?(IO) || file.is_a?(StringIO)
      File.delete(file.path) if what == "a Tempfile"
    end
  end

  it "sends the other fields of the form as text" do
    upload(StringIO.new("x"), expires_after: { anchor: "created_at", seconds: 3600 })
    expect(sent).to match("purpose" => "assistants", "file" => hash_including("filename" => "local.path"),
                          "expires_after" => { "anchor" => "created_at", "seconds" => "3600" })
  end

  it "says what the content is, by the file's extension" do
    types = %w[a.pdf b.JSONL c.unheard d].to_h do |name|
      upload(written(name, "{}"))
      [sent["file"]["filename"], sent["file"]["content_type"]]
    end
    expect(types).to eq("a.pdf" => "application/pdf", "b.JSONL" => "application/jsonl",
                        "c.unheard" => "application/octet-stream", "d" => "application/octet-stream")
  end

  it "keeps a name inside its header" do
    name = %(ü"\r\nX-Evil: 1.txt)
    upload(written(name))
    expect(sent.keys).to contain_exactly("file", "purpose")
    expect(sent["file"]["filename"]).to eq(name)
  end

  it "takes the name that an upload to a web server came with" do
    file = StringIO.new("x")
    file.define_singleton_method(:original_filename) { "from a form.csv" }
    upload(file)
    expect(sent["file"]).to include("filename" => "from a form.csv", "content_type" => "text/csv")
  end

  describe "#content" do
    def content_of(text) = files.content(id: upload(StringIO.new(text))["id"])

    it "is UTF-8 where it is that, and else binary" do
      expect(content_of("héllo")).to eq("héllo").and have_attributes(encoding: Encoding::UTF_8)
      expect(content_of("\xFF\x00{".b)).to eq("\xFF\x00{".b).and have_attributes(encoding: Encoding::BINARY)
    end

    it "is parsed where it is JSON or JSON Lines" do
      expect(content_of(%({"a": 1}))).to eq("a" => 1)
      expect(content_of(%({"a": 1}\n{"a": 2}\n))).to eq([{ "a" => 1 }, { "a" => 2 }])
    end

    it "is as it came where it only begins like JSON" do
      expect(content_of("no {news}\n{is}")).to eq("no {news}\n{is}")
      expect(content_of("")).to eq("")
    end

    it "is refused above max_body_bytes" do
      id = upload(StringIO.new("x" * 2000))["id"]
      PromptTracker::Native.configuration.max_body_bytes = 1000
      expect { PromptTracker::Native::Client.new.files.content(id: id) }
        .to raise_error(PromptTracker::Native::AnswerError, /1000 bytes \(max_body_bytes\)/)
    end
  end

  describe "what is refused before anything is sent" do
    after { expect(requests).to be_empty }

    it "is something that is no file" do
      [nil, 3, Object.new].each { |file| expect { upload(file) }.to raise_error(ArgumentError, /\AInvalid file - /) }
    end

    it "is a path that names nothing" do
      expect { upload(File.join(folder, "none")) }.to raise_error(Errno::ENOENT)
    end

    it "is a .jsonl file with a line that isn't JSON, by its path" do
      path = written("a.jsonl", "{}\n{nope\n")
      expect { upload(path) }.to raise_error(JSON::ParserError, /found on line 2 of .*a\.jsonl/)
    end

    it "is more than max_upload_bytes, of any kind of file" do
      PromptTracker::Native.configuration.max_upload_bytes = bytes.bytesize - 1
      reader, writer = IO.pipe
      writer.write(bytes)
      writer.close
      [written("a"), StringIO.new(bytes), reader].each do |file|
        expect { upload(file) }.to raise_error(ArgumentError, /max_upload_bytes/)
      end
      reader.close
    end

    it "is an id that can't be one" do
      expect { files.content(id: "../models") }.to raise_error(ArgumentError, /\Aid must be an id/)
    end
  end

  it "sends a purpose that it doesn't know, with a warning" do
    expect { expect { upload(StringIO.new("x"), purpose: "dreams") }.to raise_error(PromptTracker::Native::HTTPError) }
      .to output(/the purpose "dreams"/).to_stderr
    expect(sent["purpose"]).to eq("dreams")
  end

  it "is what multipart_post does for any path" do
    client.multipart_post(path: "/files", parameters: { purpose: "vision", file: StringIO.new("x") })
    expect(sent).to include("purpose" => "vision", "file" => hash_including("content" => "x"))
    expect { client.multipart_post(path: "/elsewhere", parameters: { tags: %w[a b] }) }
      .to raise_error(PromptTracker::Native::HTTPError)
    expect(sent).to eq("tags" => %w[a b])
  end

  it "is sent once where the connection is lost after it was sent" do
    server.drops
    expect { upload(StringIO.new("x")) }.to raise_error(PromptTracker::Native::ConnectionError)
    expect(requests.size).to eq(1)
  end
end
