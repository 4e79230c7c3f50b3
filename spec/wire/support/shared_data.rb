# frozen_string_literal: true

require "json"
require "uri"

module Wire
  # OpenAI's own wire data: the API document, recorded exchanges and the document's examples. They lie beside the
  # checkout and aren't part of it; PTN_SHARED names another place.
  module SharedData
    ROOT = File.join(ENV["PTN_SHARED"] || File.expand_path("../../../../shared", __dir__), "openai")
    DOCUMENT = File.join(ROOT, "openapi.json")

    module_function

    # @return [String, nil] why specs that need the data can't run
    def missing
      "OpenAI's wire data is not at hand: PTN_SHARED names its folder" unless File.file?(DOCUMENT)
    end

    # @return [Array<Recording>] in the order of the recording; empty where there is no such file
    def recorded(name)
      file = File.join(ROOT, "recorded", "#{name}.json")
      File.file?(file) ? JSON.parse(File.read(file)).map { |exchange| Recording.new(exchange) } : []
    end

    # @return [Array<String>] file names of the document's examples
    def examples
      Dir.children(File.join(ROOT, "examples")).sort
    end

    # @return [String] an example as the document has it
    def example(name)
      File.read(File.join(ROOT, "examples", name), encoding: "UTF-8")
    end

    # The streams among them have two slips of the pen: a brace too many at the end of some data, and a line of data
    # without its `data:`. A server that sends them would be another matter.
    #
    # @return [String] an example as it is meant
    def meant(name)
      example(name).gsub(/^(?:data: )?\{.*\}$/) do |line|
        data = line.delete_prefix("data: ")
        "data: #{EventStream.json?(data) ? data : data.delete_suffix("}")}"
      end
    end
  end

  # One request to the real service and what it answered.
  class Recording
    attr_reader :verb, :path, :query, :headers, :status, :answer_headers, :answer

    def initialize(exchange)
      request, response = exchange.values_at("request", "response")
      uri = URI(request["uri"])
      @verb = request["method"].upcase
      @path = uri.path
      @query = URI.decode_www_form(uri.query.to_s).to_h
      @headers = first_values(request["headers"])
      @sent = request["body"].to_s
      @status = response["status"]
      @answer_headers = first_values(response["headers"])
      @answer = response["body"]
    end

    # @return [Hash, nil] the JSON body that was sent
    def body = @sent.empty? ? nil : JSON.parse(@sent)

    # @return [Hash{Symbol => Object}] the same, as Ruby code gives parameters
    def parameters = (body || {}).transform_keys(&:to_sym)

    # @return [String] the segment after that one: id_in("threads")
    def id_in(collection) = path[%r{/#{collection}/([^/]+)}, 1]

    def beta = headers["openai-beta"]

    def stream? = answer_headers["content-type"].to_s.start_with?("text/event-stream")

    def to_s = "#{verb} #{path} (#{status})"

    private

    def first_values(headers)
      headers.to_h { |name, values| [name.downcase, Array(values).first] }
    end
  end

  # A plain reader of whole event streams, to compare with. It knows nothing of the gem's own.
  module EventStream
    module_function

    # @return [Array<Array(String, Object)>] name and parsed data of each event; data that is not JSON stays a String
    def read(text)
      text.split(/\r?\n\r?\n/).filter_map do |block|
        lines = block.lines(chomp: true)
        data = lines.filter_map { |line| line[/\Adata: ?(.*)\z/m, 1] }
        [lines.filter_map { |line| line[/\Aevent: ?(.*)\z/, 1] }.last, parse(data.join("\n"))] unless data.empty?
      end
    end

    # @return [Array<Object>] the data of the events whose names match
    def data(text, name)
      read(text).filter_map { |event, data| data if name.match?(event.to_s) }
    end

    def parse(data)
      JSON.parse(data)
    rescue JSON::ParserError
      data
    end

    def json?(data) = !parse(data).is_a?(String)
  end
end
