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

  def response_body(prompt = "What's the weather in Berlin?", **more) = { model: "gpt-4o", input: prompt }.merge(more)

  # @return [Reply] to a request for a response
  def respond(...) = post("/responses", response_body(...))

  # @return [Array] the events of a streamed response, read to their end
  def respond_streamed(prompt = "Hello", **more) = events(respond(prompt, stream: true, **more).text)

  # @return [Hash] the response that a stream's last event carries
  def response_of(events) = events.last[1].fetch("response")

  # @return [Array<String>] the text of each message of a response
  def words(response)
    response["output"].select { |item| item["type"] == "message" }
                      .map { |item| item["content"].map { |part| part["text"] || part["refusal"] }.join }
  end

  # @return [String] the text of all deltas of a streamed response
  def delta_text(events)
    events.select { |name, _| name == "response.output_text.delta" }.map { |_, data| data["delta"] }.join
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
  def open_stream(path, body = nil, verb: "POST")
    text = body ? JSON.generate(body) : ""
    socket = TCPSocket.new("127.0.0.1", server.port)
    lines = HEADERS.map { |name, value| "#{name}: #{value}\r\n" }.join
    head = "#{verb} /v1#{path} HTTP/1.1\r\nHost: local\r\n#{lines}Content-Length: #{text.bytesize}\r\n\r\n"
    socket.write(head + text)
    socket
  end

  # Sends a request whose stream may break.
  # @return [Array(String, Class)] what arrived, and what the end raised, if anything
  def read_broken(path, body)
    text = +""
    http do |connection|
      request = Net::HTTP::Post.new("/v1#{path}", LocalServerSupport::HEADERS)
      request.body = JSON.generate(body)
      connection.request(request) { |response| response.read_body { |part| text << part } }
    end
    [text, nil]
  rescue EOFError, SystemCallError => e
    [text, e.class]
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

  def expect_schema(name, object)
    problems = LocalServerSupport.schema(name).validate(object).map { |problem| problem["error"] }
    expect(problems).to eq([]), "#{name}: #{problems.join("; ")}\n#{JSON.pretty_generate(object)}"
  end

  # Real servers answer null for the usage of what has not ended; OpenAI's document doesn't say so.
  def expect_response_schema(response) = expect_schema("Response", with_usage(response))

  # Every event by its own schema, and the numbers in order.
  def expect_event_schemas(events)
    data = events.map(&:last).grep(Hash)
    data.each do |event|
      response = event["response"]
      event = event.merge("response" => with_usage(response)) if response
      expect_schema(LocalServerSupport.event_schemas.fetch(event["type"]), event)
    end
    expect(names(events)).to eq(data.map { |event| event["type"] })
    expect(data.map { |event| event["sequence_number"] }).to eq((0...data.size).to_a)
  end

  def with_usage(response) = response.reject { |name, value| name == "usage" && value.nil? }

  # @return [Hash{String => String}] an event's type => its schema's name
  def self.event_schemas
    @event_schemas ||= JSON.parse(File.read(OPENAPI)).dig("components", "schemas").filter_map do |name, schema|
      types = schema.dig("properties", "type", "enum")
      [types.first, name] if name.end_with?("Event") && types&.size == 1
    end.to_h
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
