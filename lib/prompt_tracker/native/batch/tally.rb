# frozen_string_literal: true

module PromptTracker
  module Native
    class Batch
      # What has come of a batch so far.
      #
      # @api private
      class Tally
        # Of the errors, how many kinds a summary names.
        KINDS = 5
        private_constant :KINDS

        # @return [Integer] how many prompts there are
        attr_reader :total
        # @return [Integer] of these, those that had a result before
        attr_reader :before
        # @return [Integer]
        attr_reader :answered
        # @return [Integer]
        attr_reader :failed
        # @return [Integer] of prompts and answers
        attr_reader :prompt_tokens, :completion_tokens
        # @return [String, nil]
        attr_reader :last_error

        # @param total [Integer]
        # @param before [Integer]
        def initialize(total, before)
          @total = total
          @before = before
          @answered = @failed = @prompt_tokens = @completion_tokens = 0
          @errors = Hash.new(0)
          @start = nil
        end

        # The time runs from now.
        def start
          @start = now
        end

        # @param result [Hash, StandardError]
        def count(result)
          return count_error(result) unless result.is_a?(Hash)

          @answered += 1
          @prompt_tokens += result[:usage][:prompt_tokens].to_i
          @completion_tokens += result[:usage][:completion_tokens].to_i
        end

        # @return [Integer] those that have a result
        def done
          before + answered + failed
        end

        # @return [Float] seconds
        def seconds
          @start ? now - @start : 0.0
        end

        # @return [Float] calls a second
        def rate
          seconds.positive? ? (answered + failed) / seconds : 0.0
        end

        # @return [Float, nil] seconds until all have their result, as far as one can tell
        def seconds_left
          (total - done) / rate if rate.positive?
        end

        # @return [Integer]
        def tokens
          prompt_tokens + completion_tokens
        end

        # @return [String] lines for people
        def summary
          lines = ["#{done} of #{total} have a result: #{answered} answered and #{failed} failed now" \
                   "#{", #{before} before" if before.positive?}",
                   format("%<in>d+%<out>d tokens, %<seconds>.1f s, %<rate>.1f a second",
                          in: prompt_tokens, out: completion_tokens, seconds: seconds, rate: rate)]
          @errors.max_by(KINDS) { |_, count| count }.each { |text, count| lines << "  #{count} x #{text}" }
          lines.join("\n")
        end

        private

        def count_error(error)
          @failed += 1
          @last_error = error.message
          # Ids and the like make each message another.
          kind = "#{error.class.name}: #{error.message[0, 200].gsub(/\b\w+_\w{12,}\b|\b\d+(?= ms\b)/, "…")}"
          @errors[@errors.size < 100 || @errors.key?(kind) ? kind : "others"] += 1
        end

        def now
          Process.clock_gettime(Process::CLOCK_MONOTONIC)
        end
      end
    end
  end
end
