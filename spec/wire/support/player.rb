# frozen_string_literal: true

require "json"
require "socket"
require "uri"

module Wire
  # One HTTP request as it came over a socket.
  Sent = Struct.new(:verb, :target, :headers, :text) do
    # @return [Sent, nil] nil where the connection ended
    def self.read(socket)
      verb, target, = socket.gets.to_s.split
      return unless verb

      headers = {}
      while (line = socket.gets) && line != "\r\n"
        name, value = line.chomp.split(/:\s*/, 2)
        headers[name.downcase] = value
      end
      new(verb, target, headers, socket.read(headers["content-length"].to_i))
    end

    def path = target[/\A[^?]*/]

    def query = URI.decode_www_form(target[/\?(.*)/, 1].to_s).to_h

    def body = text.empty? ? nil : JSON.parse(text)

    def to_s = "#{verb} #{target}"
  end

  # How a body is cut up: so many bytes a chunk, and so many bytes a write, framing included. nil: all at once.
  Cut = Struct.new(:per_chunk, :per_write)

  WHOLE = Cut.new(nil, nil)
  CUTS = [WHOLE, Cut.new(1, 1), Cut.new(2, 3), Cut.new(7, nil), Cut.new(64, 5), Cut.new(1000, 997), Cut.new(nil, 1),
          Cut.new(nil, 4096)].freeze

  # An HTTP/1.1 server that plays given answers, each once, and notes what was sent. It has nothing in common with the
  # gem or its LocalServer.
  class Player
    Line = Struct.new(:verb, :path, :status, :headers, :body)
    FRAMING = %w[transfer-encoding content-length connection].freeze

    # @return [Array<Sent>] what came
    attr_reader :sent
    # How the bodies of the next answers are cut.
    attr_accessor :cut

    def initialize
      @cut = WHOLE
      @lines = []
      @sent = []
      @lock = Mutex.new
      @server = TCPServer.new("127.0.0.1", 0)
      @sockets = []
      @thread = Thread.new { accept }
    end

    # @return [String] the base URL, with its /v1
    def url = "http://127.0.0.1:#{@server.addr[1]}/v1"

    # Lines an answer up.
    #
    # @param path [String] with its /v1; "*" for any segment
    # @return [self]
    def plays(verb, path, body, status: 200, headers: { "content-type" => "application/json" })
      pattern = /\A#{path.split("/").map { |part| part == "*" ? "[^/]+" : Regexp.escape(part) }.join("/")}\z/
      @lock.synchronize { @lines << Line.new(verb, pattern, status, headers, body) }
      self
    end

    # Lines a recorded answer up.
    #
    # @return [self]
    def replays(recording, path: recording.path)
      plays(recording.verb, path, recording.answer, status: recording.status, headers: recording.answer_headers)
    end

    # @return [Boolean] has every answer been given?
    def finished? = @lock.synchronize { @lines.empty? }

    def stop
      @thread.kill.join
      @server.close
      @lock.synchronize { @sockets.each { |socket| close(socket) } }
    end

    private

    def accept
      loop do
        socket = @server.accept
        socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
        @lock.synchronize { @sockets << socket }
        Thread.new { serve(socket) }.report_on_exception = false
      end
    end

    def serve(socket)
      while (request = Sent.read(socket))
        answer(socket, request)
      end
    rescue SystemCallError, IOError
      nil # the other side went away
    ensure
      close(socket)
    end

    def close(socket) = socket.close

    def answer(socket, request)
      line = @lock.synchronize do
        @sent << request
        index = @lines.index { |l| l.verb == request.verb && l.path.match?(request.path) }
        index && @lines.delete_at(index)
      end
      line ||= Line.new(nil, nil, 501, { "content-type" => "text/plain" }, "no answer is left for #{request}")
      write(socket, head(line) + framed(line))
    end

    def head(line)
      headers = line.headers.reject { |name, _| FRAMING.include?(name.downcase) }
      framing = chunked?(line) ? "Transfer-Encoding: chunked" : "Content-Length: #{line.body.bytesize}"
      lines = ["HTTP/1.1 #{line.status} Played", *headers.map { |name, value| "#{name}: #{value}" }, framing]
      "#{lines.join("\r\n")}\r\n\r\n".b
    end

    # As it was recorded; an answer of the spec's own making is chunked.
    def chunked?(line) = line.headers.none? { |name, _| name.casecmp?("content-length") }

    def framed(line)
      return line.body.b unless chunked?(line)

      chunks = pieces(line.body.b, cut.per_chunk).map { |piece| "#{piece.bytesize.to_s(16)}\r\n#{piece}\r\n" }
      "#{chunks.join}0\r\n\r\n".b
    end

    def write(socket, bytes)
      pieces(bytes, cut.per_write).each { |piece| socket.write(piece) }
    end

    def pieces(bytes, size) = size ? bytes.scan(/.{1,#{size}}/mn) : [bytes]
  end
end
