# frozen_string_literal: true

require "json"
require "uri"
require_relative "api_error"
require_relative "form"

module PromptTracker
  module Native
    class LocalServer
      # A request as it arrived.
      class Request
        # Headers that carry a key.
        SECRET = %w[authorization api-key].freeze

        # @return [String] "GET", "POST" …
        attr_reader :method
        # @return [String] the path as sent, with its /v1: "/v1/threads/runs"
        attr_reader :path
        # @return [Hash{String => String}] decoded query parameters
        attr_reader :query
        # @return [Hash{String => String}] headers, names in lower case
        attr_reader :headers
        # @return [Object] the parsed JSON body; of a form, its fields, a file as a Hash of its "filename",
        #   "content_type" and "content"; the raw String where it is neither, "" where there is none
        attr_reader :body
        # @return [Integer, nil] which TCP connection carried it: the port of the client's side
        attr_reader :connection

        # @private
        attr_reader :socket, :parse_error

        # @private
        def initialize(env)
          @method = env["REQUEST_METHOD"]
          @path = env["PATH_INFO"].to_s
          @query = read_query(env["QUERY_STRING"].to_s)
          @headers = read_headers(env)
          @raw = env["rack.input"]&.read.to_s.force_encoding(Encoding::UTF_8)
          @socket = Connection.new(env)
          @connection = @socket.port
          @form = Form.parse(@headers["content-type"], @raw)
          @body = @form || parse
        end

        # @return [String] "POST /v1/threads/runs"
        def to_s = "#{method} #{path}"

        # @return [String] without the key that was sent, and of files only how long they are
        def inspect
          shown = headers.to_h { |name, value| [name, SECRET.include?(name) ? "[hidden]" : value] }
          "#<#{self.class.name} #{self} query=#{query} headers=#{shown} " \
            "body=#{(@form ? Form.shown(@form) : body).inspect}>"
        end

        # @private
        # @return [Hash] the JSON object that was sent; {} for an empty body
        # @raise [ApiError] 400, where it is something else
        def object
          check_content_type
          raise ApiError.malformed_json if parse_error
          return {} if @raw.strip.empty?
          raise ApiError.invalid_type(nil, "an object", body) unless body.is_a?(Hash)

          body
        end

        # @private
        # @return [Hash{String => Object}] the form that was sent
        # @raise [ApiError] 400, where it is something else
        def form = @form || raise(ApiError.not_a_form(content_type))

        private

        def content_type = headers["content-type"].to_s.split(";").first.to_s.strip.downcase

        def parse
          raise JSON::ParserError, "not UTF-8" unless @raw.valid_encoding?

          @raw.strip.empty? ? @raw : JSON.parse(@raw)
        rescue JSON::ParserError, EncodingError => e
          @parse_error = e
          @raw
        end

        def read_query(text)
          URI.decode_www_form(text).to_h
        rescue ArgumentError
          {}
        end

        def read_headers(env)
          env.each_with_object({}) do |(key, value), headers|
            case key
            when "CONTENT_TYPE", "CONTENT_LENGTH" then name = key
            when "HTTP_VERSION" then next # set by Puma for old versions of Rack; not a header
            when /\AHTTP_/ then name = key.delete_prefix("HTTP_")
            else next
            end
            headers[name.downcase.tr("_", "-")] = value
          end
        end

        def check_content_type
          type = content_type
          return if type.empty? || @raw.empty? || type.match?(%r{\Aapplication/(.+\+)?json\z})

          raise ApiError.content_type(type)
        end
      end
    end
  end
end
