# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # A timetable: what happens when. Nothing runs in the background; whoever looks at a run first lets happen what is
      # due by then. So a run goes on at the server without anyone reading its stream.
      # @private
      class Plan
        Beat = Struct.new(:at, :action)

        # @param started [Float] time on {Clock#now} that offsets count from
        def initialize(started)
          @started = started
          @beats = []
          @next = 0
        end

        # Adds something to happen so many seconds after the start; to be called in order of time.
        def at(offset, &action) = @beats << Beat.new(offset, action)

        # Lets happen what is due.
        def run_due(now)
          take while @next < @beats.size && @started + @beats[@next].at <= now
        end

        # Lets one thing happen, if it is due.
        def step(now)
          take if @next < @beats.size && @started + @beats[@next].at <= now
        end

        # Lets the first thing happen if it is due and has not happened, and nothing more.
        def open(now)
          take if @next.zero? && @beats.any? && @started + @beats[0].at <= now
        end

        # @return [Float, nil] seconds until something is due; nil if nothing ever will be
        def next_in(now)
          @started + @beats[@next].at - now if @next < @beats.size
        end

        private

        def take
          @next += 1
          @beats[@next - 1].action.call
        end
      end
    end
  end
end
