# frozen_string_literal: true

require "json"

# Runs a chapter of session.rb twice and compares what came of it, in the script and at the server.
module Comparison
  SESSION = [File.join(__dir__, "session.rb"), *Dir[File.join(__dir__, "session/*.rb")]].map do |path|
    File.read(path)
  end.join
  RUN = "Session.url = ARGV[0]\nputs JSON.generate(Session.run(ARGV[1]))\n"
  THEIRS = "require \"openai\"\n"
  # Repeated requests are this gem's own; without them the requests can be compared one by one.
  OURS = <<~RUBY
    require "prompt_tracker/native/ruby_openai"
    PromptTracker::Native.configure { |c| c.max_retries = 0 }
    require "openai"
  RUBY
  # What the script's author can't know: ids in the order of their coming, and times.
  ID = /\b(?:asst|thread|msg|run|step|call|resp|conv|item|rs|fc|vs|vsfb|chatcmpl|req|fp)_\w{6,}|\bfile-\w{20,}|
        chatcmpl-\w+/x
  HEADERS = %w[authorization api-key openai-organization openai-project openai-beta content-type x-proxy x-later
               x-team].freeze
  # Steps in which 8.3 differs from 7.4, and we go with 8.3.
  SINCE_SEVEN = {
    # 7.4 takes each content for JSON Lines, fails where it isn't, and makes an Array of a single document.
    "files" => ["content of bytes", "content of text", "content of JSON"]
  }.freeze

  Result = Struct.new(:outcomes, :requests)

  # @return [Hash{String => Result}] what the replacement did, by chapter; compared more than once
  def self.ours = @ours ||= {}

  def expect_same(chapter, theirs, differing: [])
    their = session(theirs, THEIRS, chapter)
    our = Comparison.ours[chapter] ||= session(:ours, OURS, chapter)
    expect(our.outcomes.except(*differing)).to eq(their.outcomes.except(*differing))
    expect(our.requests).to eq(their.requests)
    expect(our.requests).not_to be_empty
  end

  private

  def session(bundle, prelude, chapter)
    PromptTracker::Native::LocalServer.start do |server|
      script(server) if chapter == "errors"
      out = output_in(bundle, prelude + SESSION + RUN, server.url, chapter)
      Result.new(JSON.parse(plain(out)), JSON.parse(plain(JSON.generate(server.requests.map do |request|
        seen(request)
      end))))
    end
  end

  def script(server)
    [400, 401, 403, 404, 408, 409, 418, 422, 429, 500, 502, 503].each { |status| server.fails_with(status) }
    server.raw(body: "Not today", status: 503, headers: { "content-type" => "text/plain" })
    server.raw(body: "<title>Bad gateway</title>", status: 502, headers: { "content-type" => "text/html" })
    server.fails_with(429)
    server.drops
    server.raw(body: {}, delay: 3)
  end

  def seen(request)
    headers = request.headers.slice(*HEADERS)
    headers["content-type"] = headers["content-type"][/\A[^;]+/] if headers["content-type"]
    # ruby-openai says of every request what its body would be, also where there is none.
    headers.delete("content-type") if request.body == ""
    { "request" => request.to_s, "query" => request.query, "headers" => headers, "body" => body(request.body) }
  end

  # A file's type is ours to say: ruby-openai leaves it empty.
  def body(body)
    return body unless body.is_a?(Hash) && body["file"].is_a?(Hash)

    file = body["file"]
    name = file["filename"].sub(/\A(session)[\w.-]*?(\.\w+)?\z/, '\1\2')
    body.merge("file" => { "filename" => name, "content" => [file["content"]].pack("m") })
  end

  def plain(text)
    ids = {}
    text.gsub(ID) { |id| ids[id] ||= "#{id[/\A[a-z]+/]}_#{ids.size}" }
        .gsub(/"(\w+_at|created)":\d+/, '"\1":0').gsub(/127\.0\.0\.1:\d+/, "HOST")
        .gsub(/"filename":"session[\w.-]*?(\.\w+)?"/, '"filename":"session\1"')
  end
end
