# frozen_string_literal: true

require_relative "frames"

module PromptTracker
  module Native
    class LocalServer
      # The source of a run's event stream: what has happened to the run, then what happens, until it rests.
      # @private
      class RunEvents
        # @param from [Integer] how many of the run's events to leave out
        # @param before [Array<Array(String, Hash)>] events to send first
        def initialize(run, context, from: 0, before: [])
          @run = run
          @clock = context.clock
          @connection = context.connection
          @epoch = @clock.epoch
          @next = from
          @before = before
        end

        # Yields name and data of each event, as it happens.
        # @raise [Clock::Hangup] when the server stops, or the client has gone
        def each_event(&block)
          @before.each(&block)
          loop do
            events, rests = look
            events.each { |event| yield event.name, event.data }
            break if rests
            raise Clock::Hangup, "the client has gone" if events.empty? && @connection.gone?
          end
          yield "done", Frames::DONE
        ensure
          @run.stop_stream
        end

        private

        # @return [Array(Array<Run::Event>, Boolean)] new events, after a wait where there are none; and whether they
        #   are the last
        def look
          @clock.synchronize do
            advance
            wait if @run.events.size == @next && !@run.resting?
            events = @run.events[@next..]
            @next += events.size
            [events, @run.resting?]
          end
        end

        def wait
          @clock.wait([@run.next_in, EventStream::LOOK].compact.min, @epoch)
          advance
        end

        def advance = @run.advance
      end
    end
  end
end
