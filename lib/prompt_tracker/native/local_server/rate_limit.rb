# frozen_string_literal: true

require_relative "api_error"

module PromptTracker
  module Native
    class LocalServer
      # So many requests in each stretch of time; the rest is refused with 429. See {Scripting#limits_rate}.
      # @private
      class RateLimit
        # What an answer may tell of it.
        TELLS = %i[retry_after retry_after_ms ratelimit].freeze

        # @param on [Proc] which requests count
        # @param tells [Array<Symbol>] of {TELLS}
        def initialize(requests, per:, tells:, on:)
          raise ArgumentError, "requests: a positive Integer" unless requests.is_a?(Integer) && requests.positive?
          raise ArgumentError, "per: a positive number of seconds" unless per.is_a?(Numeric) && per.positive?
          raise ArgumentError, "tells: any of #{TELLS.inspect}" unless (tells - TELLS).empty?

          @requests = requests
          @per = per
          @tells = tells
          @on = on
          @lock = Mutex.new
          @begun = nil
          @taken = 0
        end

        # Counts a request.
        #
        # @return [Hash{String => String}] what its answer tells
        # @raise [ApiError] 429, where it is one too many
        def take(request)
          return {} unless @on.call(request)

          left, reset = @lock.synchronize { count }
          return ratelimit(left, reset) unless left.negative?

          raise ApiError.typical(429, ratelimit(0, reset).merge(retry_after(reset)))
        end

        private

        # What is left after this request, and in how many seconds the next stretch begins.
        def count
          now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
          if @begun.nil? || now >= @begun + @per
            @begun = now
            @taken = 0
          end
          @taken += 1
          [@requests - @taken, @begun + @per - now]
        end

        def ratelimit(left, reset)
          return {} unless @tells.include?(:ratelimit)

          { "x-ratelimit-limit-requests" => @requests.to_s, "x-ratelimit-remaining-requests" => left.to_s,
            "x-ratelimit-reset-requests" => "#{(reset * 1000).ceil}ms" }
        end

        def retry_after(reset)
          { "retry-after" => (reset.ceil.to_s if @tells.include?(:retry_after)),
            "retry-after-ms" => ((reset * 1000).ceil.to_s if @tells.include?(:retry_after_ms)) }.compact
        end
      end
    end
  end
end
