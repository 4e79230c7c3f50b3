# frozen_string_literal: true

require "json"
require "socket"

module Faults
  # The bytes with which a server answers a request for a stream, and what it says when it is asked for the run later.
  class Recorded
    # @return [String] head and chunked body
    attr_reader :wire
    # @return [String] what the whole stream says
    attr_reader :text

    # @param body [String] server-sent events
    # @param naming [String] the event that first names the run
    # @param text [String]
    # @yieldparam path [String] of a GET
    # @yieldreturn [Hash] its answer
    def initialize(body, naming:, text:, &answers)
      @wire = +"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n".b
      @named = nil
      body.b.scan(/.+?\n\n/mn) do |event|
        @wire << "#{event.bytesize.to_s(16)}\r\n#{event}"
        @named ||= @wire.bytesize if event.start_with?("event: #{naming}\n")
        @wire << "\r\n"
      end
      @wire << "0\r\n\r\n"
      @text = text
      @answers = answers
    end

    # @return [Integer] so many bytes say which run it is
    def named = @named || raise("no event names the run")

    # @return [String] the answer to a request for what is at a path
    def found(path)
      body = JSON.generate(@answers.call(path))
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: #{body.bytesize}\r\n\r\n#{body}"
    end
  end

  # A server that ends a recorded answer after so many bytes as the request's text says ("cut at 17"), for any number of
  # connections at once.
  class Cutter
    # @return [Integer] how many requests asked for a run
    attr_reader :started

    def initialize(recorded, reset: false)
      @recorded = recorded
      @reset = reset
      @started = 0
      @lock = Mutex.new
      @server = TCPServer.new("127.0.0.1", 0)
      @server.listen(1024)
      @threads = Array.new(8) { Thread.new { loop { serve(@server.accept) } } }
    end

    def url = "http://127.0.0.1:#{@server.addr[1]}/v1"

    def stop
      @threads.each { |thread| thread.kill.join }
      @server.close
    end

    private

    def serve(socket)
      while (head = socket.gets("\r\n\r\n"))
        body = socket.read(head[/^content-length: *(\d+)/i, 1].to_i)
        next socket.write(@recorded.found(head[/\AGET (\S+)/, 1])) if head.start_with?("GET")

        @lock.synchronize { @started += 1 }
        return cut(socket, Integer(body[/cut at (\d+)/, 1]))
      end
    rescue IOError, SystemCallError
      nil
    ensure
      socket.close
    end

    def cut(socket, bytes)
      socket.write(@recorded.wire.byteslice(0, bytes))
      socket.setsockopt(Socket::SOL_SOCKET, Socket::SO_LINGER, [1, 0].pack("ii")) if @reset
    end
  end
end
