# frozen_string_literal: true

require "monitor"

module PromptTracker
  module Native
    class LocalServer
      # The server's one lock and its only way of waiting. Everything in memory is read and written inside
      # {#synchronize}; a wait lets go of the lock, and ends early when the server stops or is reset.
      # @private
      class Clock
        # Raised in a thread that was waiting when the server stopped or was reset; the connection is then closed.
        # An EOFError, because that is what Puma closes a connection for without writing an error page into it.
        class Hangup < EOFError; end

        def initialize
          @monitor = Monitor.new
          @bell = @monitor.new_cond
          @epoch = 0
          @stopped = false
        end

        # @return [Integer] changes at each {#hang_up}
        attr_reader :epoch

        def synchronize(&block) = @monitor.synchronize(&block)

        # @return [Float] seconds on a clock that never jumps
        def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

        # Wakes all who wait, so that they look again.
        def ring = synchronize { @bell.broadcast }

        # Ends every wait of the present epoch with {Hangup}.
        def hang_up
          synchronize do
            @epoch += 1
            @bell.broadcast
          end
        end

        # The same for good: every later wait ends at once, too.
        def stop
          @stopped = true
          hang_up
        end

        # Waits for a ring, at most so many seconds (nil: no limit).
        # @raise [Hangup]
        def wait(seconds, epoch)
          synchronize do
            check(epoch)
            @bell.wait(seconds) unless seconds && seconds <= 0
            check(epoch)
          end
        end

        # Waits that long, however often the bell rings.
        # @raise [Hangup]
        def pause(seconds, epoch = @epoch)
          over = now + seconds
          while (left = over - now).positive?
            wait(left, epoch)
          end
        end

        # @raise [Hangup] if that epoch is over
        def check(epoch)
          raise Hangup, "the server hung up" if @stopped || epoch != @epoch
        end
      end
    end
  end
end
