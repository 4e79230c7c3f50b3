# frozen_string_literal: true

require_relative "../run_events"

module PromptTracker
  module Native
    class LocalServer
      module ResponsesApi
        # The source of a response's event stream: what has happened to it, then what happens, until it ends.
        # @private
        class ResponseEvents < RunEvents
          # @param response [Response]
          # @param from [Integer] how many of its events to leave out
          # @param breaks [Break, nil] how the stream is going to break off
          def initialize(response, context, from: 0, breaks: nil)
            super(response, context, from: from)
            @done = context.quirks.on?(:done_at_end)
            @found = breaks&.found || context.quirks.on?(:outlives_stream)
          end

          # Yields name and data of each event, as it happens.
          # @raise [Clock::Hangup] when the server stops, or the client has gone
          def each_event
            loop do
              events, ended = look
              events.each { |event| yield event.name, event.data }
              break if ended
              raise Clock::Hangup, "the client has gone" if @connection.gone?
            end
            yield nil, Frames::DONE if @done
          ensure
            leave
          end

          # The stream is over, or was never wanted.
          def leave
            @clock.synchronize do
              @run.leave(@found)
              @run.stop_stream
              @clock.ring
            end
          end

          private

          def advance = @run.step
        end
      end
    end
  end
end
