# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # Scripts waiting for their turn, in order; each serves a number of times. Thread-safe.
      # @private
      class LineUp
        def initialize
          @lock = Mutex.new
          @waiting = []
        end

        # @param times [Integer, Float, :always] how often it serves
        def add(item, times: 1)
          left = times == :always ? Float::INFINITY : times
          unless left.is_a?(Numeric) && left.positive?
            raise ArgumentError, "times: a positive number or :always, not #{times.inspect}"
          end

          @lock.synchronize { @waiting << [item, left] }
        end

        # Takes the first for which the block is true.
        # @return [Object, nil]
        def take
          @lock.synchronize do
            at = @waiting.index { |item, _| yield item }
            next unless at

            @waiting[at][1] -= 1
            item, left = @waiting[at]
            @waiting.delete_at(at) unless left.positive?
            item
          end
        end

        def clear = @lock.synchronize { @waiting.clear }

        def empty? = @lock.synchronize { @waiting.empty? }
      end
    end
  end
end
