# frozen_string_literal: true

require "json"
require "net/http"
require "socket"
require "uri"

# What the specs of the local server share: plain HTTP, a plain reader of event streams, and the schemas of OpenAI's
# published document, where that is at hand.
module LocalServerSupport
  Reply = Struct.new(:status, :headers, :text) do
    def json = JSON.parse(text)
    def error = json.fetch("error")
  end

  HEADERS = {
    "Authorization" => "Bearer sk-local", "OpenAI-Beta" => "assistants=v2", "Content-Type" => "application/json"
  }.freeze
  OPENAPI = File.expand_path("../../../shared/openai/openapi.json", __dir__)
  ASSISTANT = "asst_000000000000000000000000"

  def server = @server ||= PromptTracker::Native::LocalServer.start(**server_options)

  # Specs may override it.
  def server_options = {}

  def stop_server
    @server&.stop
    @server = nil
  end

  def http(&block) = Net::HTTP.start("127.0.0.1", server.port, read_timeout: 10, max_retries: 0, &block)

  # @param headers [Hash] a nil takes a default header away
  def request(verb, path, body = nil, headers: {}, on: nil)
    request = Net::HTTP.const_get(verb.to_s.capitalize).new("/v1#{path}")
    HEADERS.merge(headers).compact.each { |name, value| request[name] = value }
    request.body = body.is_a?(String) ? body : JSON.generate(body) if body
    response = on ? on.request(request) : http { |connection| connection.request(request) }
    Reply.new(response.code.to_i, response.each_header.to_h, response.body.to_s.dup.force_encoding("UTF-8"))
  end

  def get(path, **options) = request(:get, path, **options)
  def post(path, body = nil, **options) = request(:post, path, body, **options)
  def delete(path, **options) = request(:delete, path, **options)

  def make_thread(*texts)
    post("/threads", { messages: texts.map { |text| { role: "user", content: text } } }).json
  end

  def thread_and_run(prompt = "What's the weather in Berlin?", **more)
    { assistant_id: ASSISTANT, thread: { messages: [{ role: "user", content: prompt }] } }.merge(more)
  end

  # Runs without a stream, to its end.
  # @return [Hash] the run
  def run_polled(prompt = "Hello", **more)
    run = post("/threads/runs", thread_and_run(prompt, **more)).json
    get("/threads/#{run["thread_id"]}/runs/#{run["id"]}").json
  end

  def messages_of(run) = get("/threads/#{run["thread_id"]}/messages").json["data"]

  # @return [Array] the events of a streamed run, read to their end
  def run_streamed(prompt = "Hello", **more)
    events(post("/threads/runs", thread_and_run(prompt, stream: true, **more)).text)
  end

  # @return [Array<Array(String, Object)>] name and data of each event, by the rules of the event stream format
  def events(text)
    text.delete_prefix("\uFEFF").split(/(?:\r\n|\n){2}/).filter_map do |block|
      fields = block.split(/\r\n|\n/).reject { |line| line.start_with?(":") }.map { |line| line.split(/: ?/, 2) }
      data = fields.select { |name, _| name == "data" }.map(&:last)
      next if data.empty?

      data = data.join("\n")
      [fields.assoc("event")&.last, data == "[DONE]" ? data : JSON.parse(data)]
    end
  end

  def names(events) = events.map(&:first)

  def data_of(events, name) = events.assoc(name)&.last

  def said(events)
    events.select { |_, data| data.is_a?(Hash) && data["object"] == "thread.message.delta" }
          .map { |_, data| data.dig("delta", "content", 0, "text", "value") }.compact.join
  end

  # Sends a request and returns the socket, from which nothing has been read.
  def open_stream(path, body)
    text = JSON.generate(body)
    socket = TCPSocket.new("127.0.0.1", server.port)
    lines = HEADERS.map { |name, value| "#{name}: #{value}\r\n" }.join
    socket.write("POST /v1#{path} HTTP/1.1\r\nHost: local\r\n#{lines}Content-Length: #{text.bytesize}\r\n\r\n#{text}")
    socket
  end

  # Reads what comes, adding it to the text, until the connection ends or the text includes something.
  def read_until(socket, wanted = nil, seconds: 5, text: +"")
    over = now + seconds
    until wanted && text.include?(wanted)
      break unless socket.wait_readable([over - now, 0].max)

      text << socket.readpartial(65_536)
    end
    text
  rescue EOFError
    text
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  def seconds
    started = now
    yield
    now - started
  end

  def expect_schema(name, object)
    problems = LocalServerSupport.schema(name).validate(object).map { |problem| problem["error"] }
    expect(problems).to eq([]), "#{name}: #{problems.join("; ")}\n#{JSON.pretty_generate(object)}"
  end

  def self.schema(name)
    @schemas ||= {}
    @schemas[name] ||= document.schema(name)
  end

  def self.document
    @document ||= begin
      require "json_schemer"
      JSONSchemer.openapi(JSON.parse(File.read(OPENAPI)))
    end
  end

  # @return [String, nil] why shapes can't be checked here
  def self.no_schemas
    return "OpenAI's document is not at #{OPENAPI}" unless File.exist?(OPENAPI)

    require "json_schemer"
    nil
  rescue LoadError
    "the json_schemer gem is not installed"
  end
end

RSpec.configure do |config|
  config.include LocalServerSupport, :local_server
  config.after(:each, :local_server) { stop_server }
  config.before(:each, :schemas) do
    missing = LocalServerSupport.no_schemas
    skip "shapes not checked: #{missing}" if missing
  end
end
