# frozen_string_literal: true

require_relative "batch/prompts"
require_relative "batch/results"
require_relative "batch/tally"

module PromptTracker
  module Native
    # Asks each prompt of a file and writes each answer to another, many at a time. What is in the results is on disk,
    # and is not asked again by a later batch that goes on. The command `batch` is its door.
    #
    # @api private
    class Batch
      autoload :Progress, "prompt_tracker/native/batch/progress"

      # Too many calls failed.
      class TooManyFailures < Error; end

      # @return [Tally] what has come of it so far
      attr_reader :tally

      # @param prompts [Prompts]
      # @param results [Results]
      # @param service [#call_many] one of the services
      # @param max_failures [Integer, nil] after how many failed calls it stops; nil: never
      # @param options [Hash] `concurrency:` and `timeout:` of call_many
      def initialize(prompts, results, service:, max_failures: nil, **options)
        @prompts = prompts
        @results = results
        @service = service
        @max_failures = max_failures
        @options = options
        @tally = Tally.new(prompts.size, results.size)
        @asked = {} # rows in flight, by the place of their call
        @stopped = false
      end

      # Begins no further call: {#run} ends when those in flight have. May be called by a signal's handler.
      def stop
        @stopped = true
      end

      # @return [Boolean]
      def stopped?
        @stopped
      end

      # @return [Integer] how many calls are in flight
      def in_flight
        @asked.size
      end

      # @yieldparam tally [Tally] after each result that is on disk
      # @return [Tally]
      # @raise [TooManyFailures]
      def run
        @tally.start
        @service.call_many(calls, **@options) do |place, result|
          keep(@asked.delete(place), result)
          yield @tally if block_given?
        end
        @tally
      end

      private

      # Read as there is a place for the next one.
      def calls
        Enumerator.new do |calls|
          place = 0
          @prompts.each do |row|
            break if @stopped
            next if @results.include?(row.index)

            @asked[place] = row
            place += 1
            calls << row.call
          end
        end
      end

      def keep(row, result)
        @results.add(row, result)
        @tally.count(result)
        return unless @max_failures && @tally.failed >= @max_failures

        raise TooManyFailures, "stopped after #{@tally.failed} failed calls (--max-failures); the last: " \
                               "#{@tally.last_error}"
      end
    end
  end
end
