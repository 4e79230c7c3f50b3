# frozen_string_literal: true

require_relative "observation/reading"
require_relative "observation/notifications"
require_relative "observation/logging"
require_relative "observation/tracing"

module PromptTracker
  module Native
    # Tells of calls, requests and retries: to ActiveSupport::Notifications, to `config.logger`, and as OpenTelemetry
    # spans. The extension calls it on the Ruby thread that makes the call, and only while somebody listens. What is
    # told is in docs/observability.md.
    #
    # Payloads hold no key and, unless {Configuration#capture_content} is set, nothing of what was asked or answered.
    #
    # @api private
    module Observation
      # Where a fiber keeps the payload of the call that it is making.
      CALL = :prompt_tracker_native_call
      private_constant :CALL

      class << self
        # @return [Boolean] whether anybody listens now. Allocates nothing.
        def wanted?
          !Thread.current[CALL].nil? || Logging.on? || Notifications.on? || Tracing.on?
        end

        # Reading an answer takes time, and a call's event has what its result says anyway.
        #
        # @return [Boolean] whether somebody is told what single requests were answered
        def reads_answers?
          Thread.current[CALL].nil? || Notifications.requests? || Logging.requests?
        end

        # A whole call of a service.
        #
        # @param service [OpenaiAssistantService, LlmClientService]
        # @yieldreturn [Hash] the result
        def observe_call(service, &work)
          payload = Reading.call(service)
          outer = Thread.current[CALL]
          Thread.current[CALL] = payload
          Tracing.call(payload) do
            Notifications.instrument("call", payload) { timed(payload) { Reading.result(payload, work.call) } }
          end
        ensure
          Thread.current[CALL] = outer
          Logging.call(payload) if payload
        end

        # One request, all its attempts together.
        #
        # @param payload [Hash] `method:`, `path:`, `host:` …; the block adds how it ended
        # @param body [String, nil] what is sent
        # @yieldreturn [Object, nil] the answer, parsed, or of a stream the event that ended it
        def observe_request(payload, body, &work)
          call = Thread.current[CALL]
          answer = nil
          Tracing.request(payload, alone: call.nil?) do
            Notifications.instrument("request", payload) do
              timed(payload) { Reading.answer(payload, answer = work.call) }
            end
          end
        ensure
          Reading.count(call, payload) if call
          Logging.request(payload, body, answer)
        end

        # A request that failed, before the wait after which it is sent again.
        #
        # @param payload [Hash] `attempt:`, `wait:`, `reason:` …
        def observe_retry(payload)
          Logging.retry(payload)
          Tracing.retry(payload)
          Notifications.instrument("retry", payload)
        end

        # @param definition [Definition] what the call of this fiber is answered from
        def definition=(definition)
          payload = Thread.current[CALL] or return

          payload[:api] = :responses
          payload[:model] ||= definition.model
          payload[:assistant_name] = definition.to_h["name"]
          payload.compact!
        end

        private

        # Adds what is only known at the end, whichever way it comes: an answer, an error, a break or Thread#kill.
        def timed(payload)
          ended = false
          start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
          result = yield
          ended = true
          result
        rescue Exception => e # rubocop:disable Lint/RescueException -- raised again
          Reading.error(payload, e)
          raise
        ensure
          payload[:abandoned] = true unless ended || payload[:error]
          payload[:duration] = (Process.clock_gettime(Process::CLOCK_MONOTONIC) - start) * 1000
        end
      end
    end
  end
end
