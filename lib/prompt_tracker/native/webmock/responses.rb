# frozen_string_literal: true

require "net/http"
require "openssl"
require "zlib"

module PromptTracker
  module Native
    module WebMock
      # WebMock's responses as answers, and answers as WebMock's responses.
      #
      # @api private
      module Responses
        # Errors that a library would meet on the network, and what they stand for; the first that fits counts.
        FAILURES = {
          Net::OpenTimeout => :timeout, Net::ReadTimeout => :idle, Timeout::Error => :deadline,
          Errno::ETIMEDOUT => :timeout, OpenSSL::SSL::SSLError => :tls, SocketError => :resolve,
          Errno::ECONNREFUSED => :connect, Errno::EHOSTUNREACH => :connect, Errno::ENETUNREACH => :connect,
          SystemCallError => :lost, IOError => :lost
        }.freeze
        # What the body of a response was packed with, and how it begins then.
        GZIP = "\x1F\x8B".b.freeze
        private_constant :FAILURES, :GZIP

        class << self
          # @param response [WebMock::Response]
          # @return [Interception::Answer, Exception] an exception that stands for nothing on the network as it is
          def answer(response)
            return failure(:timeout, "execution expired") if response.should_timeout
            return failed_with(response.exception) if response.exception

            headers = response.headers.to_h
            Interception::Answer.new(status: Array(response.status).first.to_i, headers: headers,
                                     body: unpacked(Array(response.body).join, headers))
          end

          # @param answer [Interception::Answer]
          # @return [WebMock::Response] without the headers that its body, which is decoded, no longer fits
          def response(answer)
            packed = answer.headers.any? { |name, _| name.casecmp?("content-encoding") }
            stale = packed ? %w[content-encoding content-length] : []
            ::WebMock::Response.new(status: [answer.status, answer.reason], body: answer.body,
                                    headers: answer.headers.reject { |name, _| stale.include?(name.downcase) })
          end

          # @param stub [WebMock::RequestStub]
          # @return [Boolean] whether it has anything to say but what it said last
          def more?(stub)
            sequences = stub.instance_variable_get(:@responses_sequences)
            return true unless sequences.is_a?(Array)

            sequences.size > 1 || sequences.any? { |sequence| !sequence.end? || computed?(sequence) }
          end

          private

          def failure(ending, reason)
            Interception::Answer.new(status: 0, ending: ending, reason: reason)
          end

          def failed_with(error)
            _, ending = FAILURES.find { |kind, _| error.is_a?(kind) }
            ending ? failure(ending, error.message) : error
          end

          def computed?(sequence)
            last = Array(sequence.instance_variable_get(:@responses)).last
            return true unless last.method(:evaluate).owner == ::WebMock::Response # a block, or a Rack app

            %i[@body @status @headers @exception @should_timeout].any? do |name|
              last.instance_variable_get(name).is_a?(Proc)
            end
          end

          # Cassettes of some libraries hold bodies as they came.
          def unpacked(body, headers)
            encoding = headers.find { |name, _| name.casecmp?("content-encoding") }&.last
            return body unless encoding.to_s.casecmp?("gzip") && body.b.start_with?(GZIP)

            Zlib.gunzip(body.b)
          rescue Zlib::Error
            body
          end
        end
      end
    end
  end
end
