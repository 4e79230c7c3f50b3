# frozen_string_literal: true

require "set"

module PromptTracker
  module Native
    class LocalServer
      # Remembers which requests came, and on how many connections.
      # @private
      class Recorder
        # @param keep [Boolean] false: count connections only (for long or heavy use)
        def initialize(keep:)
          @keep = keep
          @lock = Mutex.new
          clear
        end

        def add(request)
          @lock.synchronize do
            @requests << request if @keep
            @connections << request.socket.key if request.socket.key
          end
        end

        def clear
          @lock.synchronize do
            @requests = []
            @connections = Set.new
          end
        end

        def requests = @lock.synchronize { @requests.dup }

        def connections = @lock.synchronize { @connections.size }
      end
    end
  end
end
