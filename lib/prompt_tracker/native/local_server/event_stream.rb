# frozen_string_literal: true

require "zlib"
require_relative "bodies"
require_relative "clock"
require_relative "frames"
require_relative "reordered"

module PromptTracker
  module Native
    class LocalServer
      # An event stream as a Rack body: takes events from a source as they happen and writes each at once, with the
      # quirks that concern streams, and with the scripted break, if there is one.
      # @private
      class EventStream
        # How often a stream that has nothing to say looks whether its client is still there, in seconds.
        LOOK = 0.25

        # @param source [#each_event] yields (name or nil, Hash or String) for each event, and waits between them
        # @param breaks [Break, nil] where to break off
        def initialize(source, context, breaks: nil)
          @source = context.quirks.on?(:out_of_order_events) ? Reordered.new(source) : source
          @drop = source.method(:leave) if source.respond_to?(:leave)
          @quirks = context.quirks
          @clock = context.clock
          @connection = context.connection
          @open = context.open_streams
          @epoch = @clock.epoch
          @break = breaks
          @frames = Frames.new(@quirks)
        end

        # @private
        def each_event(...) = @source.each_event(...)

        # @return [EventStream] self, which will compress what it writes if told so
        def encoded(gzip:)
          @deflate = Zlib::Deflate.new(Zlib::DEFAULT_COMPRESSION, Zlib::MAX_WBITS + 16) if gzip
          self
        end

        # Nobody will read it.
        def drop = @drop&.call

        # Rack calls this once.
        # @raise [Clock::Hangup] where the connection must end in the middle
        def each(&block)
          @open.add(@connection)
          @connection.uncork
          @written = 0
          @writer = block
          @frames.opening { |frame| write(frame) }
          catch(:error_sent) { play }
          write_last
        ensure
          @open.delete(@connection)
        end

        private

        def play
          count = 0
          @source.each_event do |name, data|
            @frames.each(name, data) { |frame| write(frame) }
            count += 1
            cut if @break&.after_event?(name, count)
          end
        end

        def write_last
          send_bytes(@deflate.finish) if @deflate
          linger if @quirks.on?(:stays_open)
        end

        def write(frame)
          send_bytes(@deflate ? @deflate.deflate(frame, Zlib::SYNC_FLUSH) : frame)
        end

        def send_bytes(bytes)
          if (limit = @break&.bytes) && @written + bytes.bytesize >= limit
            emit(bytes.byteslice(0, limit - @written))
            cut
          end
          emit(bytes)
        end

        def emit(bytes)
          @written += bytes.bytesize
          return if bytes.empty?

          parts = Bodies.slices(bytes, @quirks)
          parts ? parts.each { |part| @writer.call(part) } : @writer.call(bytes)
        end

        def cut
          how = @break.how
          @break = nil
          if how == :error
            @frames.error { |frame| write(frame) }
            throw :error_sent
          end
          @connection.reset_when_closed if how == :reset
          raise Clock::Hangup, "stream broken on purpose"
        end

        def linger
          over = @quirks.option(:stays_open, :seconds, nil)
          over &&= @clock.now + over
          until @connection.gone? || (over && @clock.now >= over)
            @clock.wait(over ? [LOOK, over - @clock.now].min : LOOK, @epoch)
          end
        end
      end
    end
  end
end
