# frozen_string_literal: true

require_relative "clock"

module PromptTracker
  module Native
    class LocalServer
      # Rack bodies that are more than a String.
      # @private
      module Bodies
        # Parts that reach the socket one by one, each as soon as it is there.
        class Parts
          def initialize(connection, parts)
            @connection = connection
            @parts = parts
          end

          def each(&block)
            @connection.uncork
            @parts.each(&block)
          end
        end

        # A beginning, then the end of the connection. With an empty beginning nothing is answered at all.
        class Cut
          def initialize(connection, beginning, reset: false)
            @connection = connection
            @beginning = beginning
            @reset = reset
          end

          def each
            unless @beginning.empty?
              @connection.uncork
              yield @beginning
            end
            @connection.reset_when_closed if @reset
            raise Clock::Hangup, "connection cut on purpose"
          end
        end

        # @return [Enumerable<String>] the text in pieces of one byte, or of random sizes; nil without such a quirk
        def self.slices(text, quirks)
          return text.b.each_char if quirks.on?(:bytewise)
          return unless quirks.on?(:random_cuts)

          random = Random.new(quirks.option(:random_cuts, :seed, 1))
          longest = quirks.option(:random_cuts, :longest, 40)
          Enumerator.new do |parts|
            at = 0
            while at < text.bytesize
              size = random.rand(1..longest)
              parts << text.byteslice(at, size).b
              at += size
            end
          end
        end
      end
    end
  end
end
