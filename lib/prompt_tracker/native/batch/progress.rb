# frozen_string_literal: true

module PromptTracker
  module Native
    class Batch
      # Shows how far a batch is: a bar where the ruby-progressbar gem is there and somebody looks, else a line now and
      # then.
      #
      # @api private
      class Progress
        # Seconds between two lines, and between two states of a bar.
        LINES = 10
        BAR = 0.1
        private_constant :LINES, :BAR

        # @param out [IO]
        # @param tally [Tally]
        def initialize(out, tally)
          @out = out
          @bar = bar(tally) if out.respond_to?(:tty?) && out.tty?
          @shown = now
        end

        # @param tally [Tally]
        def show(tally)
          return if now - @shown < (@bar ? BAR : LINES)

          @shown = now
          @bar ? advance(tally) : @out.puts(line(tally))
        end

        # @param tally [Tally]
        def finish(tally)
          return unless @bar

          advance(tally)
          @bar.stop
        end

        # @param tally [Tally]
        # @return [String]
        def line(tally)
          left = tally.seconds_left
          "#{tally.done}/#{tally.total}, #{about(tally)}#{", #{time(left)} left" if left}"
        end

        private

        def bar(tally)
          require "ruby-progressbar"
          ProgressBar.create(total: tally.total, starting_at: tally.before, output: @out, throttle_rate: BAR,
                             format: "%c/%C |%B| %e, %t", title: about(tally))
        rescue LoadError
          @out.puts "(for a progress bar, add the ruby-progressbar gem to the Gemfile)"
          nil
        end

        def advance(tally)
          @bar.title = about(tally)
          @bar.progress = tally.done
        end

        def about(tally)
          failed = ", #{tally.failed} failed" if tally.failed.positive?
          format("%<rate>.1f/s, %<tokens>d tokens%<failed>s", rate: tally.rate, tokens: tally.tokens, failed: failed)
        end

        def time(seconds)
          seconds = seconds.round
          format("%<h>d:%<m>02d:%<s>02d", h: seconds / 3600, m: seconds / 60 % 60, s: seconds % 60)
        end

        def now
          Process.clock_gettime(Process::CLOCK_MONOTONIC)
        end
      end
    end
  end
end
