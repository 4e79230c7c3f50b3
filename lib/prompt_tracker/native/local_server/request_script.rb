# frozen_string_literal: true

require "json"

module PromptTracker
  module Native
    class LocalServer
      # What to do with a request instead of serving it: an error, any other answer, or no answer at all.
      # @private
      class RequestScript
        # @param on [String, Regexp, Proc, nil] which requests: "POST /threads/runs", with {id} or * for any segment; a
        #   Regexp is tried on "POST /threads/thread_1/runs"; a Proc is given the {Request}; nil means any request
        # @param delay [Numeric] seconds before it happens
        def initialize(on, delay: 0, &action)
          raise ArgumentError, "delay: seconds, not #{delay.inspect}" unless delay.is_a?(Numeric) && delay >= 0

          @pattern = pattern(on)
          @delay = delay
          @action = action
        end

        def match?(request)
          return true unless @pattern
          return @pattern.call(request) if @pattern.is_a?(Proc)

          @pattern.match?("#{request.method} #{request.path.sub(%r{\A(/openai)?/v1}, "")}")
        end

        # @return [Array] a Rack response
        # @raise [ApiError]
        def play(delivery, request, clock)
          epoch = clock.epoch
          clock.pause(@delay, epoch) if @delay.positive?
          @action.call(delivery, request)
        end

        private

        def pattern(on)
          case on
          when nil, Regexp, Proc then on
          when String
            verb, path = on.split(" ", 2)
            raise ArgumentError, "on: as in \"POST /threads/runs\", not #{on.inspect}" unless path&.start_with?("/")

            segments = path.delete_prefix("/v1").split("/", -1).map do |segment|
              segment.match?(/\A(\*|\{.*\})\z/) ? "[^/]+" : Regexp.escape(segment)
            end
            /\A#{verb == "*" ? "[A-Z]+" : Regexp.escape(verb)} #{segments.join("/")}\z/
          else raise ArgumentError, "on: a String, a Regexp, a Proc or nil"
          end
        end
      end
    end
  end
end
