# frozen_string_literal: true

module PromptTracker
  module Native
    # What makes {OpenAI::Client} of {Client}.
    module RubyOpenai
      # The gem's errors as Faraday's, where Faraday is loaded: the very classes that ruby-openai raises, with the same
      # `response`. Each also has the readers of the gem's own errors (`status`, `request_id`, `retryable?` …), and that
      # error as its cause. Without Faraday the gem's own errors are raised.
      #
      # @api private
      module Failures
        # What an error of Faraday's has besides.
        module Details
          include ErrorDetails

          # @return [String] short: Faraday's own shows the whole request
          def inspect
            "#<#{self.class} #{message}>"
          end
        end

        # What an error of the gem's own has besides, where there is no Faraday.
        module Response
          # @return [Hash, nil] status:, headers:, body:, as Faraday's errors have it
          def response
            Failures.response(self)
          end
        end

        REQUEST = :@request
        HIDDEN = "[REDACTED]"
        # Of a request, these headers are no secret.
        SHOWN = %w[content-type openai-beta].freeze
        PARSED = /\bjson\b/i
        # How the extension names a connection that could not be made in time, or not safely.
        SLOW_TO_CONNECT = "PTN_E_CONNECT_TIMEOUT"
        UNSAFE = "PTN_E_TLS"

        private_constant :REQUEST, :HIDDEN, :SHOWN, :PARSED, :SLOW_TO_CONNECT, :UNSAFE

        class << self
          # @raise [StandardError] what the block raises, turned
          def guard
            yield
          rescue Error => e
            raise turned(e)
          end

          # Keeps with an error which request it is about.
          #
          # @param request [Hash] method:, url:, headers:, body:
          def note(error, request)
            error.instance_variable_set(REQUEST, request) unless error.instance_variable_defined?(REQUEST)
          end

          # @param error [Error]
          # @return [StandardError]
          def turned(error)
            return error.extend(Response) unless faraday?

            turned = faraday(error) or return error
            error.instance_variables.each do |name|
              turned.instance_variable_set(name, error.instance_variable_get(name)) unless name == REQUEST
            end
            turned.extend(Details)
          end

          # @return [Hash, Array, String, nil] as ruby-openai has it: parsed where its type is JSON
          def body(error)
            return error.body unless error.body && error.headers.to_h["content-type"].to_s.match?(PARSED)

            Text.parse_json(error.body)
          rescue AnswerError
            error.body
          end

          # @param error [Error]
          # @return [Hash, nil] status:, headers:, body:
          def response(error)
            return unless error.status

            { status: error.status, headers: headers(error.headers), body: body(error) }
          end

          private

          # @return [StandardError, nil] nil for what Faraday has no class for
          def faraday(error)
            case error
            when HTTPError then http(error)
            when TimeoutError then slow(error)
            when ConnectionError then unreached(error)
            when AnswerError then ::Faraday::ParsingError.new(error, response(error))
            end
          end

          def slow(error)
            (failed?(error, SLOW_TO_CONNECT) ? ::Faraday::ConnectionFailed : ::Faraday::TimeoutError).new(error)
          end

          def unreached(error)
            (failed?(error, UNSAFE) ? ::Faraday::SSLError : ::Faraday::ConnectionFailed).new(error)
          end

          def failed?(error, how)
            error.instance_variable_get(:@failure) == how
          end

          # Faraday itself says which class a status has. A redirect, which is not followed here, is none of its errors.
          def http(error)
            ::Faraday::Response::RaiseError.new.on_complete(env(error))
            ::Faraday::Error.new(error.message, response(error))
          rescue ::Faraday::Error => e
            e.class.new("#{e.message}: #{error.message}", e.response)
          end

          def env(error)
            request = error.instance_variable_get(REQUEST) || {}
            ::Faraday::Env.from(
              method: request[:method], url: URI(request.fetch(:url, "")), request: ::Faraday::RequestOptions.new,
              request_headers: headers(redacted(request[:headers])), request_body: request[:body],
              status: error.status, response_headers: headers(error.headers)
            ).tap { |env| env[:body] = body(error) }
          end

          # An interrupt inside of `defined?(::Faraday::Error)` would be lost.
          def faraday? = defined?(::Faraday) ? ::Faraday.const_defined?(:Error, false) : false

          def headers(hash)
            faraday? ? ::Faraday::Utils::Headers.new(hash.to_h) : hash.to_h
          end

          # Whatever an app has added to the headers may be a secret.
          def redacted(headers)
            headers.to_h.to_h { |name, value| [name, SHOWN.include?(name.downcase) ? value : HIDDEN] }
          end
        end
      end
    end
  end
end
