# frozen_string_literal: true

require_relative "wire"

module Bench
  # The ways to call an assistant that are compared. Each is made once, in a process of its own, and then called again
  # and again; a call returns the answer's text, or true where the contender does not read it.
  module Contenders
    class Native
      def initialize(url, **options)
        require "prompt_tracker/native"
        ENV["OPENAI_BASE_URL"] = url
        ENV["OPENAI_API_KEY"] = Wire::KEY
        @question = { assistant_id: Wire::ASSISTANT, prompt: Wire::PROMPT, **options }
      end

      def call = PromptTracker::OpenaiAssistantService.call(**@question)[:text]
    end

    class NativeBlock < Native
      def call
        text = +""
        PromptTracker::OpenaiAssistantService.call(**@question) { |delta| text << delta }
        text
      end
    end

    # What an app's service does with ruby-openai: a client for each call, and the classic requests.
    class RubyOpenai
      def initialize(url)
        require "openai"
        @url = url.delete_suffix("v1")
      end

      def call
        client = OpenAI::Client.new(access_token: Wire::KEY, uri_base: @url)
        thread = client.threads.create["id"]
        client.messages.create(thread_id: thread, parameters: { role: "user", content: Wire::PROMPT })
        run = client.runs.create(thread_id: thread, parameters: { assistant_id: Wire::ASSISTANT })["id"]
        sleep 1 until client.runs.retrieve(thread_id: thread, id: run)["status"] == "completed"
        list = client.messages.list(thread_id: thread, parameters: { order: "desc", limit: 1 })
        client.runs.retrieve(thread_id: thread, id: run)["usage"]
        list.dig("data", 0, "content", 0, "text", "value")
      end
    end

    # Ruby's own client on a connection that is kept; the streamed answer is read and dropped.
    class NetHTTP
      HEADERS = { "Content-Type" => "application/json", "Authorization" => "Bearer #{Wire::KEY}",
                  "OpenAI-Beta" => "assistants=v2", "Accept" => "text/event-stream",
                  "Accept-Encoding" => "identity" }.freeze

      def initialize(url)
        require "net/http"
        uri = URI(url)
        @path = "#{uri.path}/threads/runs"
        @body = Wire.request
        @http = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https")
        @http.keep_alive_timeout = 3600
      end

      def call
        bytes = 0
        status = @http.request(Net::HTTP::Post.new(@path, HEADERS), @body) do |response|
          response.read_body { |piece| bytes += piece.bytesize }
        end.code
        status == "200" && bytes.positive?
      end
    end

    ALL = {
      "native-streamed" => ->(url) { Native.new(url, flow: :streaming) },
      "native-block" => ->(url) { NativeBlock.new(url, flow: :streaming) },
      "native-polling" => ->(url) { Native.new(url, flow: :polling) },
      "net-http" => ->(url) { NetHTTP.new(url) },
      "ruby-openai" => ->(url) { RubyOpenai.new(url) }
    }.freeze
  end
end
