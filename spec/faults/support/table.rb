# frozen_string_literal: true

module Faults
  # name: of the fault; promise: how the call ends, a key of {PROMISES}; where: `:starting`, the request that starts a
  # run, `:reading`, one that asks for it, or `:connecting`; options: of the call; arrange: what is done to a proxy,
  # given it and the pattern of the request; instead: promises by kind of way, where they differ
  Fault = Struct.new(:name, :promise, :where, :options, :instead, :arrange, keyword_init: true) do
    # @param way [Flow]
    # @return [Symbol]
    def promise_for(way) = Ways.kinds(way).filter_map { |kind| instead[kind] }.first || promise

    # @return [Boolean] is there such a request in such a call?
    def for?(way) = where != :reading || Ways.reads?(way)

    # @return [Integer] how often the suite tries it
    def tried = Faults.ways.count { |way, _| for?(way) }

    # @return [Array<String>] its row in docs/reliability.md
    def row
      others = instead.map { |kind, other| "#{PROMISES.fetch(other)} (#{Ways::NAMES.fetch(kind)})" }
      [name, Ways::PLACES.fetch(where), [PROMISES.fetch(promise), *others].join("; "), tried.to_s, "0"]
    end
  end

  # The ways in which a call is made, by what a fault does to them.
  module Ways
    NAMES = { streamed: "streamed", plain: "not streamed" }.freeze
    PLACES = { connecting: "a connection", starting: "the request that starts a run",
               reading: "a request that asks for a run" }.freeze

    module_function

    # @return [Array<Symbol>]
    def kinds(way) = [way.streams? ? :streamed : :plain]

    # @return [Boolean] does a call that goes well ask for its run?
    def reads?(way) = way.request_lines.any? { |line| line.start_with?("GET") }
  end

  # What can be promised. Each is said of a call in the words of docs/reliability.md.
  PROMISES = {
    answer: "the whole answer",
    unsent: "an error that says that nothing was sent; the call may be made again",
    ambiguous: "an error that says that a run may have been started",
    answer_or_ambiguous: "the whole answer, or an error that says that a run may have been started",
    timed_out: "an error that names the time given"
  }.freeze

  # A table of faults that one proxy can produce.
  TABLE = [] # rubocop:disable Style/MutableConstant -- filled below

  class << self
    # @return [Array<Array(Flow, Boolean)>] the ways in which each is tried, and whether over TLS
    def ways
      all = [*Flows::OWN, *Flows::RESPONSES]
      [*all.product([false]), *all.first(4).product([true])]
    end

    private

    def fault(name, promise, where: :starting, options: {}, instead: {}, &arrange)
      TABLE << Fault.new(name: name, promise: promise, where: where, options: options, instead: instead,
                         arrange: arrange)
    end

    # The same with each exchange that matches.
    def exchange(name, promise, times: 1, **more, &action)
      fault(name, promise, **more) { |proxy, pattern| proxy.on(pattern, times: times, &action) }
    end
  end

  # -- no connection --

  fault("connections are refused", :unsent, where: :connecting) { |proxy, _| proxy.stop_listening }
  fault("a connection is reset as it is made", :answer_or_ambiguous, where: :connecting) do |proxy, _|
    proxy.on_connect(&:reset)
  end
  fault("a connection is closed as it is made", :answer_or_ambiguous, where: :connecting) do |proxy, _|
    proxy.on_connect(&:close)
  end
  fault("a connection is accepted and nothing is read", :timed_out, where: :connecting,
                                                                    options: { timeout: 0.3 }) do |proxy, _|
    proxy.on_connect { |x| sleep 0.05 until x.gone? }
  end

  # -- the request that starts a run --

  exchange("reset after the request was read", :ambiguous, &:reset)
  exchange("closed after the request was read", :ambiguous, &:close)
  exchange("half-closed after the request was read", :ambiguous) do |x|
    x.half_close
    x.stall
  end
  exchange("reset after the request was carried out", :ambiguous) { |x| x.carried_out && x.reset }
  exchange("closed after the request was carried out", :ambiguous) { |x| x.carried_out && x.close }
  exchange("closed within the answer's head", :ambiguous) do |x|
    x.write(x.head.byteslice(0, 40))
    x.close
  end
  exchange("closed after the answer's head", :ambiguous) do |x|
    x.write(x.head)
    x.close
  end
  exchange("closed before the answer's last byte", :answer, instead: { plain: :ambiguous }) do |x|
    x.write(x.carried_out.byteslice(0...-8))
    x.close
  end
  exchange("closed in the middle of the answer", :ambiguous, instead: { streamed: :answer }) do |x|
    x.write(x.carried_out.byteslice(0, x.head.bytesize + (x.body.bytesize / 2)))
    x.close
  end
  exchange("the server is deaf to the rest", :answer) do |x|
    x.turn_deaf
    x.forward
  end
  exchange("silent after the request was read", :timed_out, options: { timeout: 0.3 }, &:stall)
  exchange("silent in the middle of the answer", :timed_out, options: { timeout: 0.3 }) do |x|
    x.write(x.carried_out.byteslice(0, x.head.bytesize + (x.body.bytesize / 2)))
    x.stall
  end
  exchange("the answer comes byte by byte", :answer) { |x| x.carried_out.each_char { |byte| x.write(byte) } }
  exchange("the answer drips", :answer) do |x|
    x.carried_out.scan(/.{1,400}/mn) { |part| x.write(part) && sleep(0.002) }
  end
  exchange("garbage in place of an answer", :ambiguous) do |x|
    x.write(Random.new(1).bytes(2000))
    x.close
  end
  exchange("garbage after the answer's head", :ambiguous) do |x|
    x.write(x.head_with_length(2000))
    x.write(Random.new(2).bytes(2000))
  end
  exchange("a length that is too large", :ambiguous, instead: { streamed: :answer }) do |x|
    x.write(x.head_with_length(x.body.bytesize + 10) + x.body)
    x.close
  end
  exchange("a length that is too small", :ambiguous, instead: { streamed: :answer }) do |x|
    x.write(x.head_with_length(x.body.bytesize / 2) + x.body)
  end
  exchange("a length that is no number", :ambiguous) { |x| x.write(x.head_with_length("-12") + x.body) }
  exchange("chunks that are none", :ambiguous) do |x|
    head = x.head_with_length(0).sub(/^content-length.*/i, "Transfer-Encoding: chunked")
    x.write("#{head}zz\r\n#{x.body}\r\n0\r\n\r\n")
  end
  exchange("interim answers before the real one", :answer) do |x|
    x.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
    x.forward
  end
  exchange("a head without an end", :ambiguous) do |x|
    x.write("HTTP/1.1 200 OK\r\n")
    10_000.times { |i| x.write("X-#{i}: #{"a" * 100}\r\n") }
    x.stall
  end
  # Over TLS that may be an attack: libcurl 8 takes no answer that ends so.
  exchange("no length, and an end without a word", :answer, instead: { plain: :answer_or_ambiguous }) do |x|
    x.write("#{x.head.gsub(/^(transfer-encoding|content-length|connection):.*\r\n/i,
                           "").chomp("\r\n")}Connection: close\r\n\r\n#{x.body}")
    x.close
  end

  # -- requests that ask for a run --

  exchange("reset after the request was read", :answer, where: :reading, &:reset)
  exchange("closed in the middle of the answer", :answer, where: :reading) do |x|
    x.write(x.carried_out.byteslice(0, x.head.bytesize + (x.body.bytesize / 2)))
    x.close
  end
  exchange("garbage in place of an answer", :answer, where: :reading) do |x|
    x.write(Random.new(1).bytes(2000))
    x.close
  end
  exchange("a length that is too large", :answer, where: :reading) do |x|
    x.write(x.head_with_length(x.body.bytesize + 10) + x.body)
    x.close
  end
  exchange("silent after the request was read", :timed_out, where: :reading, options: { timeout: 0.3 }, &:stall)
  exchange("the answer comes byte by byte", :answer, where: :reading) do |x|
    x.carried_out.each_char { |byte| x.write(byte) }
  end
end
