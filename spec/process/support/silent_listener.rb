# frozen_string_literal: true

require "socket"

# Listens and says nothing.
class SilentListener
  KEPT = 200

  attr_reader :port

  # @param full [Boolean] is there no place for another connection, so that those who try are left waiting?
  def initialize(full: false)
    @server = TCPServer.new("127.0.0.1", 0)
    @server.setsockopt(Socket::SOL_SOCKET, Socket::SO_RCVBUF, 4096)
    @port = @server.addr[1]
    @sockets = []
    full ? fill : accept
  end

  def stop
    @thread&.kill&.join
    [*@sockets, @server].each(&:close)
  end

  private

  # Linux leaves the next connection without an answer once the queue is full; there is nobody to accept any.
  def fill
    @server.listen(0)
    address = Socket.sockaddr_in(@port, "127.0.0.1")
    until stuck?(@sockets.last)
      @sockets << Socket.new(:INET, :STREAM)
      @sockets.last.connect_nonblock(address, exception: false)
    end
  end

  def stuck?(socket) = socket && !socket.wait_writable(0.05)

  # Reads nothing. The oldest are closed: whoever made them has gone long since.
  def accept
    @thread = Thread.new do
      loop do
        @sockets << @server.accept
        @sockets.shift.close if @sockets.size > KEPT
      end
    end
  end
end
