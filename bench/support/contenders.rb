# frozen_string_literal: true

require_relative "wire"

module Bench
  # The ways to call an assistant that are compared. Each is made once, in a process of its own, and then called again
  # and again; a call returns the answer's text, or true where the contender does not read it.
  module Contenders
    # A contender that has nothing else for many calls makes each in a thread of its own.
    class Base
      # @return [String, nil] of the library that is measured
      def version = nil

      # @return [Array] what the calls returned or raised
      def call_many(calls)
        threads = Array.new(calls) do
          Thread.new do
            call
          rescue StandardError => e
            e
          end
        end
        threads.map(&:value)
      end
    end

    class Native < Base
      def initialize(url, **options)
        super()
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

    class NativeResponses < Native
      def initialize(...)
        super
        PromptTracker::Native.configure { |c| c.assistants = { Wire::ASSISTANT => { model: "gpt-4o" } } }
      end
    end

    class NativeMany < Native
      def call_many(calls)
        texts = []
        questions = Array.new(calls) { @question }
        PromptTracker::OpenaiAssistantService.call_many(questions, concurrency: calls) do |index, result|
          texts[index] = result.is_a?(Hash) ? result[:text] : result
        end
        texts
      end
    end

    # What an app's service does with ruby-openai: a client for each call, and the classic requests.
    class RubyOpenai < Base
      # @param takes [Numeric] seconds that a run takes; it is asked for once a second
      def initialize(url, takes: 0)
        super()
        $LOAD_PATH.reject! { |path| path.match?(%r{/openai-[\d.]+/}) }
        require "openai"
        @url = url.delete_suffix("v1")
        @takes = takes
      end

      def version = OpenAI::VERSION

      def call
        client = OpenAI::Client.new(access_token: Wire::KEY, uri_base: @url)
        thread = client.threads.create["id"]
        client.messages.create(thread_id: thread, parameters: { role: "user", content: Wire::PROMPT })
        run = client.runs.create(thread_id: thread, parameters: { assistant_id: Wire::ASSISTANT })["id"]
        sleep @takes
        sleep 1 until client.runs.retrieve(thread_id: thread, id: run)["status"] == "completed"
        list = client.messages.list(thread_id: thread, parameters: { order: "desc", limit: 1 })
        client.runs.retrieve(thread_id: thread, id: run)["usage"]
        list.dig("data", 0, "content", 0, "text", "value")
      end
    end

    # OpenAI's own gem, which has the Responses API only.
    class OfficialOpenai < Base
      def initialize(url)
        super()
        $LOAD_PATH.reject! { |path| path.match?(%r{/ruby-openai-[\d.]+/}) }
        gem "openai"
        require "openai"
        @client = OpenAI::Client.new(api_key: Wire::KEY, base_url: url)
      end

      def version = OpenAI::VERSION

      def call
        text = +""
        stream = @client.responses.stream(model: "gpt-4o", input: Wire::PROMPT)
        stream.text.each { |delta| text << delta }
        text
      end
    end

    # Its users call chat completions; the same answer, not streamed.
    class RubyLLMChat < Base
      def initialize(url)
        super()
        gem "ruby_llm"
        require "ruby_llm"
        RubyLLM.configure do |c|
          c.openai_api_key = Wire::KEY
          c.openai_api_base = url
        end
      end

      def version = RubyLLM::VERSION

      def call = RubyLLM.chat(model: "gpt-4o", provider: :openai, assume_model_exists: true).ask(Wire::PROMPT).content
    end

    # The one streamed request by hand, its answer read and dropped.
    class ByHand < Base
      HEADERS = { "Content-Type" => "application/json", "Authorization" => "Bearer #{Wire::KEY}",
                  "OpenAI-Beta" => "assistants=v2", "Accept" => "text/event-stream",
                  "Accept-Encoding" => "identity" }.freeze
    end

    # Ruby's own client on a connection that is kept.
    class NetHTTP < ByHand
      def initialize(url)
        super()
        require "net/http"
        uri = URI(url)
        @path = "#{uri.path}/threads/runs"
        @http = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https")
        @http.keep_alive_timeout = 3600
      end

      def call
        bytes = 0
        status = @http.request(Net::HTTP::Post.new(@path, HEADERS), Wire.request) do |response|
          response.read_body { |piece| bytes += piece.bytesize }
        end.code
        status == "200" && bytes.positive?
      end
    end

    class Typhoeus < ByHand
      def initialize(url)
        super()
        require "typhoeus"
        @url = "#{url}/threads/runs"
      end

      def version = ::Typhoeus::VERSION

      def call
        response = ::Typhoeus.post(@url, headers: HEADERS, body: Wire.request, cainfo: ENV.fetch("SSL_CERT_FILE", nil))
        response.code == 200 && !response.body.empty?
      end
    end

    class HTTPX < ByHand
      def initialize(url)
        super()
        require "set" # httpx 1.9 uses it without
        require "httpx"
        @url = "#{url}/threads/runs"
        @session = ::HTTPX.plugin(:persistent).with(headers: HEADERS, ssl: { ca_file: ENV.fetch("SSL_CERT_FILE", nil) })
      end

      def version = ::HTTPX::VERSION

      def call
        response = @session.post(@url, body: Wire.request)
        response.status == 200 && !response.to_s.empty?
      end
    end

    ALL = {
      "native-streamed" => ->(url) { Native.new(url, flow: :streaming) },
      "native-responses" => ->(url) { NativeResponses.new(url, flow: :streaming) },
      "native-block" => ->(url) { NativeBlock.new(url, flow: :streaming) },
      "native-polling" => ->(url) { Native.new(url, flow: :polling) },
      "native-many" => ->(url) { NativeMany.new(url, flow: :streaming) },
      "net-http" => ->(url) { NetHTTP.new(url) },
      "typhoeus" => ->(url) { Typhoeus.new(url) },
      "httpx" => ->(url) { HTTPX.new(url) },
      "openai" => ->(url) { OfficialOpenai.new(url) },
      "ruby_llm" => ->(url) { RubyLLMChat.new(url) },
      "ruby-openai" => ->(url) { RubyOpenai.new(url) },
      "ruby-openai-1s" => ->(url) { RubyOpenai.new(url, takes: 1) }
    }.freeze
  end
end
