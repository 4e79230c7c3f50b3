# frozen_string_literal: true

module Faults
  # One request that a {Proxy} has read, and what may be done about it.
  class Exchange
    # @return [String] "POST /v1/threads/runs"
    attr_reader :line
    # @return [String] head and body as they came
    attr_reader :bytes

    def initialize(proxy, socket, bytes)
      @proxy = proxy
      @socket = socket
      @bytes = bytes
      @line = bytes[/\A\S+ [^\s?]+/]
    end

    # Has the server carry it out.
    #
    # @return [String] the whole answer, head and framing included
    def carried_out = @carried_out ||= @proxy.ask_server(bytes)

    # @return [String] the head of the server's answer, with its empty line
    def head = carried_out[/\A.*?\r\n\r\n/mn]

    # @return [String] its body, without the framing
    def body
      rest = carried_out.byteslice(head.bytesize..)
      head.match?(/^transfer-encoding: chunked/i) ? Chunks.joined(rest) : rest
    end

    # @return [String] a head that announces so many bytes
    def head_with_length(length)
      "#{head.gsub(/^(transfer-encoding|content-length):.*\r\n/i, "").chomp("\r\n")}Content-Length: #{length}\r\n\r\n"
    end

    def write(data) = @socket.write(data)

    # @return [String] some of what the other side says
    def hear = @socket.readpartial(4096)

    # Passes the server's answer on.
    def forward = write(carried_out)

    # Says no more. The other side learns of it at the end of what was sent.
    def half_close = @proxy.plain(@socket).shutdown(Socket::SHUT_WR)

    # Hears no more, and may go on talking.
    def turn_deaf = @proxy.plain(@socket).shutdown(Socket::SHUT_RD)

    # Ends the connection in order: over TLS without the goodbye that should come before it.
    def close = @proxy.plain(@socket).close

    def reset
      @proxy.plain(@socket).setsockopt(Socket::SOL_SOCKET, Socket::SO_LINGER, [1, 0].pack("ii"))
      close
    end

    # @return [Boolean] has the other side hung up?
    def gone? = @proxy.plain(@socket).getsockopt(Socket::IPPROTO_TCP, Socket::TCP_INFO).data.getbyte(0) == 8

    # Does nothing more until the other side gives up.
    def stall = @socket.read
  end

  # HTTP/1.1's way of sending a body whose length isn't known.
  module Chunks
    module_function

    # @yieldparam part [String] each piece as it comes, framing included
    def each(io)
      loop do
        size = io.gets("\r\n") or return
        yield size + io.read(size.hex + 2).to_s
        return if size.hex.zero?
      end
    end

    # @return [String] what the chunks hold
    def joined(bytes)
      out = +"".b
      each(StringIO.new(bytes)) { |chunk| out << chunk.sub(/\A\h+\r\n/n, "").byteslice(0...-2) }
      out
    end
  end
end
