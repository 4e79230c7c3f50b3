# frozen_string_literal: true

require_relative "library_headers"
require_relative "responses"

module PromptTracker
  module Native
    # WebMock, and VCR through it, as far as this gem's requests go. docs/testing_your_app.md tells what there is.
    #
    # @api private
    module WebMock
      # Registered with WebMock as `:prompt_tracker_native`; `WebMock.enable!` and `WebMock.disable!` switch it.
      class Adapter < ::WebMock::HttpLibAdapter
        LIB = :prompt_tracker_native
        adapter_for LIB

        class << self
          def enable!
            Interception.add(self)
          end

          def disable!
            Interception.remove(self)
          end

          def answer(request)
            signature = request.signature = LibraryHeaders.signature(request)
            ::WebMock::RequestRegistry.instance.requested_signatures.put(signature)
            response = ::WebMock::StubRegistry.instance.response_for_request(signature)
            return allow(signature) unless response

            ::WebMock::CallbackRegistry.invoke_callbacks({ lib: LIB }, signature, response)
            Responses.answer(response)
          end

          def observe(request, answer)
            return unless ::WebMock::CallbackRegistry.any_callbacks?

            response = Responses.response(answer)
            ::WebMock::CallbackRegistry.invoke_callbacks({ lib: LIB, real_request: true }, request.signature, response)
          end

          # ruby-openai repeats nothing, and what was stubbed or recorded for it is counted. So a failure that can only
          # come again is final, unless someone has set how often requests are repeated.
          def repeats?(request)
            return true if Native.configuration.given?(:max_retries)

            stub = ::WebMock::StubRegistry.instance.request_stubs.find { |one| one.matches?(request.signature) }
            stub ? Responses.more?(stub) : recorded_again?(request.signature)
          end

          def refusal?(error) = error.is_a?(::WebMock::NetConnectNotAllowedError)

          def classic? = true

          private

          def allow(signature)
            raise ::WebMock::NetConnectNotAllowedError, signature unless ::WebMock.net_connect_allowed?(signature.uri)
          end

          def recorded_again?(signature)
            return true unless defined?(::VCR) && ::VCR.const_defined?("LibraryHooks::WebMock") && ::VCR.turned_on?

            request = ::VCR::LibraryHooks::WebMock.vcr_request_for(signature)
            ::VCR.http_interactions.has_interaction_matching?(request)
          end
        end

        # Where WebMock was enabled before this was loaded.
        enable! unless Net::HTTP.equal?(::WebMock::HttpLibAdapters::NetHttpAdapter::OriginalNetHTTP)
      end
    end
  end
end
