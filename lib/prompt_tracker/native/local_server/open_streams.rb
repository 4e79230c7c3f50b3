# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # The connections on which a stream is being written, so that {LocalServer#stop} need not wait for them.
      # @private
      class OpenStreams
        def initialize
          @lock = Mutex.new
          @connections = []
          @severed = false
        end

        def add(connection)
          @lock.synchronize { @connections << connection }
          connection.sever if @severed
        end

        def delete(connection) = @lock.synchronize { @connections.delete(connection) }

        # Ends these, and any that is still to come.
        def sever
          @severed = true
          @lock.synchronize { @connections.each(&:sever) }
        end
      end
    end
  end
end
