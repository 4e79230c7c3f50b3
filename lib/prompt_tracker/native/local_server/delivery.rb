# frozen_string_literal: true

require "json"
require "securerandom"
require "zlib"
require_relative "bodies"
require_relative "presenter"
require_relative "surrogates"

module PromptTracker
  module Native
    class LocalServer
      # Turns an {Answer} into a Rack response, with the quirks that concern HTTP.
      # @private
      class Delivery
        JSON_TYPE = "application/json"
        EVENTS_TYPE = "text/event-stream; charset=utf-8"

        # The Rack response of a connection that is closed without an answer.
        def self.hang_up(connection, reset: false)
          [200, { "content-type" => "text/plain" }, Bodies::Cut.new(connection, "", reset: reset)]
        end

        def initialize(request, quirks, clock)
          @request = request
          @quirks = quirks
          @clock = clock
          @started = clock.now
        end

        # @return [Array(Integer, Hash, #each)]
        def call(answer)
          headers, body = answer.body.respond_to?(:each_event) ? stream(answer) : document(answer)
          headers["content-type"] = "text/plain; charset=utf-8" if quirk?(:wrong_content_type)
          [status(answer), headers, body]
        end

        # The same, for an answer that quirks must leave alone.
        def verbatim(answer)
          body = answer.body
          return [answer.status, headers(answer), Bodies::Parts.new(@request.socket, body)] if body.respond_to?(:each)

          [answer.status, headers(answer, "content-length" => body.bytesize.to_s), [body]]
        end

        private

        def quirk?(name) = @quirks.on?(name)

        def status(answer)
          answer.created? && answer.status == 200 && quirk?(:created_201) ? 201 : answer.status
        end

        def headers(answer, more = {})
          {
            "x-request-id" => "req_#{SecureRandom.hex(16)}",
            "openai-processing-ms" => ((@clock.now - @started) * 1000).round.to_s,
            "openai-version" => "2020-10-01"
          }.merge(more, answer.headers)
        end

        def stream(answer)
          headers = headers(answer, "content-type" => EVENTS_TYPE, "cache-control" => "no-cache")
          if quirk?(:empty_stream)
            answer.body.drop
            return [headers, []]
          end

          headers["content-encoding"] = "gzip" if gzip?
          [headers, answer.body.encoded(gzip: gzip?)]
        end

        def document(answer)
          headers = headers(answer, "content-type" => JSON_TYPE)
          text = answer.body.is_a?(Hash) ? json(answer.body) : answer.body
          if gzip?
            headers["content-encoding"] = "gzip"
            text = Zlib.gzip(text)
          end
          [headers, body(text, headers)]
        end

        def json(object)
          object = Presenter.new(@quirks).call(object)
          text = quirk?(:lone_surrogates) ? Surrogates.generate(object) : JSON.generate(object)
          text = pad(text) if quirk?(:big_body)
          quirk?(:truncated_json) ? text.byteslice(0, text.bytesize * 2 / 3).scrub("") : text
        end

        def pad(text)
          missing = @quirks.option(:big_body, :bytes, 1_000_000) - text.bytesize - %(,"padding":"").bytesize
          missing.positive? ? text.sub(/\}\z/, %(,"padding":"#{"x" * missing}"})) : text
        end

        def body(text, headers)
          if quirk?(:cut_body)
            headers["content-length"] = text.bytesize.to_s
            return Bodies::Cut.new(@request.socket, text.byteslice(0, text.bytesize / 2))
          end
          parts = Bodies.slices(text, @quirks) || (halves(text) if quirk?(:chunked))
          return Bodies::Parts.new(@request.socket, parts) if parts

          headers["content-length"] = text.bytesize.to_s
          [text]
        end

        def halves(text)
          middle = text.bytesize / 2
          [text.byteslice(0, middle), text.byteslice(middle..)].reject(&:empty?)
        end

        def gzip?
          quirk?(:gzip) &&
            (@quirks.option(:gzip, :always, false) || @request.headers["accept-encoding"].to_s.include?("gzip"))
        end
      end
    end
  end
end
