# frozen_string_literal: true

require "json"
require "socket"

# A server for crowds: one thread, no matter how many requests it holds. It answers every POST with a finished run after
# so many seconds, and counts.
class CrowdServer
  Held = Struct.new(:socket, :due)

  # @return [Integer] requests so far; the most that were held at a time; connections so far
  attr_reader :requests, :peak, :connections

  # @param delay [Numeric] seconds from a request to its answer
  # @param hold [Integer] no answer before so many requests are there at once
  def self.start(**options)
    server = new(**options)
    yield server
  ensure
    server&.stop
  end

  def initialize(delay: 0, hold: 0)
    @delay = delay
    @hold = hold
    @listener = TCPServer.new("127.0.0.1", 0)
    @listener.listen(4096)
    @stop_reader, @stop_writer = IO.pipe
    @inboxes = {}
    @held = []
    @requests = @peak = @connections = 0
    @thread = Thread.new { serve }
  end

  def url = "http://127.0.0.1:#{@listener.addr[1]}/v1"

  def stop
    @stop_writer.close
    @thread.value
    [@listener, @stop_reader, *@inboxes.keys].each(&:close)
  end

  private

  def serve
    loop do
      ready, = IO.select([@stop_reader, @listener, *@inboxes.keys], nil, nil, pause)
      return if ready&.include?(@stop_reader)

      ready&.each { |io| io == @listener ? accept : read(io) }
      answer_due
    end
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  def pause = @held.empty? || @hold.positive? ? nil : [@held.first.due - now, 0].max

  def accept
    loop do
      @inboxes[@listener.accept_nonblock] = +""
      @connections += 1
    end
  rescue IO::WaitReadable
    nil
  end

  def read(socket)
    inbox = @inboxes.fetch(socket) << socket.read_nonblock(65_536)
    head, body = inbox.split("\r\n\r\n", 2)
    return unless body && body.bytesize >= head[/^content-length: (\d+)/i, 1].to_i

    inbox.clear
    @held << Held.new(socket, now + @delay)
    @requests += 1
    @peak = [@peak, @held.size].max
    @hold = 0 if @held.size >= @hold
  rescue EOFError, Errno::ECONNRESET
    drop(socket)
  end

  def drop(socket)
    @inboxes.delete(socket)
    @held.reject! { |held| held.socket == socket }
    socket.close
  end

  def answer_due
    answer(@held.shift.socket) while @hold.zero? && @held.any? && @held.first.due <= now
  end

  def answer(socket)
    socket.write(HEAD, EVENTS)
  rescue Errno::EPIPE, Errno::ECONNRESET
    drop(socket)
  end

  RUN = JSON.generate(id: "run_1", object: "thread.run", thread_id: "thread_1", status: "completed",
                      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 })
  MESSAGE = JSON.generate(id: "msg_1", object: "thread.message", thread_id: "thread_1", run_id: "run_1",
                          role: "assistant", content: [{ type: "text", text: { value: "Yes.", annotations: [] } }])
  EVENTS = "event: thread.message.completed\ndata: #{MESSAGE}\n\nevent: thread.run.completed\ndata: #{RUN}\n\n" \
           "event: done\ndata: [DONE]\n\n".freeze
  HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: #{EVENTS.bytesize}\r\n\r\n".freeze
  private_constant :RUN, :MESSAGE, :EVENTS, :HEAD, :Held
end
