# frozen_string_literal: true

require "socket"

module PromptTracker
  module Native
    class LocalServer
      # The TCP connection under a request, where the web server shows it (Puma does). Without one every method
      # does nothing, so that the app also runs under other Rack servers and in rack-test.
      # @private
      class Connection
        # State number of a connection whose other side has closed (Linux, first byte of TCP_INFO).
        CLOSE_WAIT = 8

        def initialize(env)
          socket = env["puma.socket"]
          @io = socket.respond_to?(:to_io) ? socket.to_io : nil
        end

        # @return [Integer, nil] port of the client's side
        def port
          @port ||= @io&.remote_address&.ip_port
        rescue SystemCallError, IOError
          nil
        end

        # @return [Integer, nil] differs for each connection, also where two had the same port one after the other
        def key = @io&.object_id

        # Puma corks a socket while it answers: small chunks would wait up to 200 ms for company.
        def uncork
          return unless @io && Socket.const_defined?(:TCP_CORK)

          quietly { @io.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_CORK, 0) }
        end

        # Closing the connection then sends a reset instead of an orderly end.
        def reset_when_closed
          quietly { @io&.setsockopt(Socket::SOL_SOCKET, Socket::SO_LINGER, [1, 0].pack("ii")) }
        end

        # Has the client gone? Known on Linux only; elsewhere false.
        def gone?
          return false unless @io && Socket.const_defined?(:TCP_INFO)

          state = @io.getsockopt(Socket::IPPROTO_TCP, Socket::TCP_INFO).data.getbyte(0)
          state >= 6 && state <= 9
        rescue SystemCallError, IOError
          true
        end

        # Ends it at once, also for a thread that is blocked writing to it.
        def sever = quietly { @io&.shutdown(Socket::SHUT_RDWR) }

        private

        def quietly
          yield
        rescue SystemCallError, IOError
          nil
        end
      end
    end
  end
end
