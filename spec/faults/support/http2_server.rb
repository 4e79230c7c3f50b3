# frozen_string_literal: true

require "openssl"
require "socket"
require_relative "certificates"

module Faults
  # A server that speaks HTTP/2 over TLS frame by frame, so that each can be the wrong one. It reads no header: a
  # request is a POST where a body follows it, else a GET.
  class Http2Server
    PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    DATA, HEADERS, _, RESET, SETTINGS, _, PING, GOAWAY = *0..7
    END_STREAM = 0x1
    END_HEADERS = 0x4
    ACK = 0x1

    # HPACK by its static table: ":status: 200", and a literal content-type.
    OK = "\x88".b
    def self.typed(type) = "#{OK}\x0f\x10#{[type.bytesize].pack("C")}#{type}".b

    # @return [Integer] how many connections, POST and GET requests came
    attr_reader :connections, :posts, :gets
    attr_accessor :settings

    # @yieldparam stream [Stream] of each request that is whole
    def initialize(&action)
      @action = action
      @settings = ""
      @connections = @posts = @gets = 0
      @lock = Mutex.new
      @context = Certificates.good.context(protocols: ["h2"])
      @server = TCPServer.new("127.0.0.1", 0)
      @sockets = []
      @thread = Thread.new { accept }
    end

    def url = "https://127.0.0.1:#{@server.addr[1]}/v1"

    def stop
      @thread.kill.join
      @server.close
      @lock.synchronize { @sockets.each { |socket| socket.close unless socket.closed? } }
    end

    # One request and the connection that it came on.
    Stream = Struct.new(:connection, :id, :post, :number) do
      def head(type, ending: false) = frame(HEADERS, END_HEADERS | (ending ? END_STREAM : 0), Http2Server.typed(type))

      def data(bytes, ending: false)
        *parts, last = *bytes.b.scan(/.{1,16000}/mn), *("" if bytes.empty?)
        parts.each { |part| frame(DATA, 0, part) }
        frame(DATA, ending ? END_STREAM : 0, last)
      end

      def answer(type, bytes)
        head(type)
        data(bytes, ending: true)
      end

      # @param code [Integer] 0 no error, 1 protocol, 2 internal, 7 refused, 8 cancel, 11 calm down
      def reset(code) = frame(RESET, 0, [code].pack("N"))

      # @param last [Integer] the last stream that is being served
      def goaway(code, last: id) = connection.frame(GOAWAY, 0, 0, [last, code].pack("NN"))

      def ping = connection.frame(PING, 0, 0, "12345678")

      def settings(bytes = "") = connection.frame(SETTINGS, 0, 0, bytes)

      def frame(type, flags, bytes) = connection.frame(type, flags, id, bytes)

      def raw(bytes) = connection.write(bytes)

      def hang_up = connection.close
    end

    # One connection; frames go out whole.
    class Connection
      def initialize(socket)
        @socket = socket
        @lock = Mutex.new
      end

      def frame(type, flags, id, bytes)
        write([bytes.bytesize >> 8, bytes.bytesize & 255, type, flags, id].pack("nCCCN") + bytes)
      end

      def write(bytes) = @lock.synchronize { @socket.write(bytes) }

      # In order: a reset could overtake what was sent before.
      def close = @socket.io.shutdown(Socket::SHUT_WR)

      # @return [Array(Integer, Integer, Integer, String), nil] type, flags, stream and content
      def read
        head = @socket.read(9) or return
        high, low, type, flags, id = head.unpack("nCCCN")
        [type, flags, id & 0x7fffffff, @socket.read((high << 8) | low)]
      end

      def greet(settings)
        @socket.read(PREFACE.bytesize)
        frame(SETTINGS, 0, 0, settings)
      end
    end

    private

    def accept
      loop do
        socket = @server.accept
        @lock.synchronize do
          @connections += 1
          @sockets << socket
        end
        Thread.new { serve(socket) }.report_on_exception = false
      end
    end

    def serve(socket)
      socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
      secure = OpenSSL::SSL::SSLSocket.new(socket, @context)
      secure.accept
      connection = Connection.new(secure)
      connection.greet(settings)
      while (type, flags, id, = connection.read)
        handle(connection, type, flags, id)
      end
    rescue IOError, SystemCallError, OpenSSL::SSL::SSLError
      nil
    ensure
      socket.close
    end

    def handle(connection, type, flags, id)
      case type
      when SETTINGS then connection.frame(SETTINGS, ACK, 0, "") if flags.nobits?(ACK)
      when PING then connection.frame(PING, ACK, 0, "12345678") if flags.nobits?(ACK)
      when HEADERS, DATA then whole(connection, id, type == DATA) if flags.anybits?(END_STREAM)
      end
    end

    def whole(connection, id, post)
      number = @lock.synchronize { post ? @posts += 1 : @gets += 1 }
      @action.call(Stream.new(connection, id, post, number))
    end
  end
end
