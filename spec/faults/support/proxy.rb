# frozen_string_literal: true

require "openssl"
require "socket"
require "stringio"
require_relative "exchange"

module Faults
  # Stands before a server, on a port of the loopback interface, and breaks what it is told to: a connection as it is
  # made, or an exchange whose request it has read. What it isn't told to break goes through.
  class Proxy
    Plan = Struct.new(:on, :left, :action)

    # @param server_port [Integer, nil] nil where nothing is ever passed on
    # @param tls [OpenSSL::SSL::SSLContext, nil]
    def initialize(server_port = nil, tls: nil)
      @server_port = server_port
      @tls = tls
      @lock = Mutex.new
      @requests = []
      @sockets = []
      @connections = 0
      @plans = []
      listen(0)
      @port = @listener.addr[1]
    end

    attr_reader :port

    # @return [String] the base URL, with its /v1
    def url(host = "127.0.0.1") = "#{@tls ? "https" : "http"}://#{host}:#{port}/v1"

    # @return [Array<String>] what was read, in order: "POST /v1/threads/runs"
    def requests = @lock.synchronize { @requests.dup }

    # @return [Integer] how many connections were accepted
    def connections = @lock.synchronize { @connections }

    # The next connections, before anything is read from them.
    #
    # @yieldparam exchange [Exchange] without a request
    def on_connect(times: 1, &action) = plan(:connect, times, action)

    # The next exchanges whose request line matches.
    #
    # @yieldparam exchange [Exchange]
    def on(pattern, times: 1, &action) = plan(pattern, times, action)

    # From now on all goes through.
    def forget_plans = @lock.synchronize { @plans.clear }

    # Nobody listens any more; connections that stand are not touched.
    def stop_listening
      @thread.kill.join
      @listener.close
    end

    # @param port [Integer] the one that it had before, by default
    def listen(port = @port)
      @listener = TCPServer.new("127.0.0.1", port)
      @thread = Thread.new { accept }
    end

    # Ends the connections that stand.
    def drop_connections(reset: false)
      @lock.synchronize { @sockets.slice!(0..) }.each do |socket|
        reset ? Exchange.new(self, socket, "").reset : plain(socket).close
      rescue IOError, SystemCallError
        nil # it has ended by itself
      end
    end

    def stop
      stop_listening unless @listener.closed?
      drop_connections
    end

    # @return [TCPSocket]
    def plain(socket) = socket.respond_to?(:io) ? socket.io : socket

    # @param bytes [String] a request
    # @return [String] the answer
    def ask_server(bytes)
      server = TCPSocket.new("127.0.0.1", @server_port)
      server.write(bytes)
      head = server.gets("\r\n\r\n").to_s
      body = +"".b
      if head.match?(/^transfer-encoding: chunked/i) then Chunks.each(server) { |chunk| body << chunk }
      else
        body << server.read(head[/^content-length: *(\d+)/i, 1].to_i).to_s
      end
      head.b + body
    ensure
      server&.close
    end

    private

    def plan(pattern, times, action)
      @lock.synchronize { @plans << Plan.new(pattern, times, action) }
      self
    end

    def take(&wanted)
      @lock.synchronize do
        found = @plans.find(&wanted) or return
        @plans.delete(found) if (found.left -= 1).zero?
        found.action
      end
    end

    def accept
      loop do
        socket = @listener.accept
        @lock.synchronize do
          @connections += 1
          @sockets << socket
        end
        Thread.new { serve(socket) }.report_on_exception = false
      end
    end

    def serve(socket)
      socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
      action = take { |plan| plan.on == :connect }
      return action.call(Exchange.new(self, socket, "")) if action

      socket = over_tls(socket) if @tls
      # OpenSSL would read on by the number of the descriptor, which may be another connection's by now.
      while !plain(socket).closed? && (bytes = read_request(socket))
        handle(Exchange.new(self, socket, bytes))
      end
    rescue IOError, SystemCallError, OpenSSL::SSL::SSLError
      nil # the other side has gone, or we have hung up on it
    ensure
      plain(socket).close
    end

    def over_tls(socket)
      OpenSSL::SSL::SSLSocket.new(socket, @tls).tap(&:accept)
    end

    def read_request(socket)
      head = socket.gets("\r\n\r\n") or return
      head + socket.read(head[/^content-length: *(\d+)/i, 1].to_i).to_s
    end

    def handle(exchange)
      @lock.synchronize { @requests << exchange.line }
      action = take { |plan| plan.on != :connect && plan.on.match?(exchange.line) }
      action ? action.call(exchange) : exchange.forward
    end
  end
end
