# frozen_string_literal: true

# Run by itself, with OpenAI::Client loaded: does what an app does with it, step by step, and prints what came of each
# step as JSON. The same for ruby-openai and for its replacement. The steps stand in session/*.rb, in chapters.
# Arguments: the server's URL, and the name of a chapter.

require "json"
require "stringio"
require "tempfile"

module Session
  KEY = "sk-session-0123456789"
  STEPS = {} # rubocop:disable Style/MutableConstant

  class << self
    attr_accessor :url, :kept

    def client(**more) = OpenAI::Client.new(access_token: KEY, uri_base: url, **more)

    def step(chapter, name, &block) = (STEPS[chapter] ||= {})[name] = block

    def run(chapter)
      self.kept = {}
      STEPS.fetch(chapter).transform_values { |block| outcome(&block) }
    end

    # What a step gave or raised.
    def outcome
      { "gave" => shown(yield) }
    rescue StandardError => e
      { "raised" => raised(e) }
    end

    def raised(error)
      kinds = %w[Faraday::Error Faraday::ClientError Faraday::ServerError OpenAI::Error ArgumentError]
      shown = { "class" => error.class.name, "is_a" => kinds.select { |name| error.is_a?(Object.const_get(name)) } }
      shown["status_in_message"] = error.message[/status \d+/] if error.message.match?(/status \d+/)
      return shown unless error.respond_to?(:response) && error.response

      response = error.response
      type = response[:headers]["Content-Type"]
      request = response[:request].slice(:method, :url_path, :params).merge(body: body(response[:request][:body]))
      shown.merge("response" => { "status" => response[:status], "body" => response[:body], "type" => type,
                                  "keys" => response.keys.map(&:to_s).sort, "request" => request,
                                  "url" => response[:request][:url].class.name })
    end

    # JSON as what it says, as nobody promises how it is spaced.
    def body(text) = text.is_a?(String) ? JSON.parse(text) : text

    def shown(value)
      case value
      when Hash then value.transform_values { |inner| shown(inner) }
      when Array then value.map { |inner| shown(inner) }
      when String then value.dup.force_encoding("UTF-8").then { |text| text.valid_encoding? ? text : [value].pack("m") }
      when Numeric, true, false, nil then value
      when Symbol then value.inspect
      else value.class.name
      end
    end
  end

  def self.thread = kept[:thread] ||= client.threads.create["id"]

  def self.assistant = "asst_session"

  def self.file(name, content, purpose: "assistants")
    kept[name] ||= Tempfile.create(["session", File.extname(name)]) do |file|
      file.binmode
      file.write(content)
      file.flush
      client.files.upload(parameters: { file: file.path, purpose: purpose })["id"]
    end
  end
end
