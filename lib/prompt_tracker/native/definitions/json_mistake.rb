# frozen_string_literal: true

require "strscan"

module PromptTracker
  module Native
    module Definitions
      # Where a text stops being JSON. Most versions of the json library don't say.
      #
      # @api private
      class JSONMistake
        SPACE = /[ \t\r\n]*/
        STRING = %r{"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u\h{4}))*+"}
        ATOM = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/
        # As deep as the json library goes.
        DEEPEST = 100
        # How much of the text is quoted.
        QUOTED = 30

        private_constant :SPACE, :STRING, :ATOM, :DEEPEST, :QUOTED

        # @param text [String] UTF-8
        def initialize(text)
          @text = text
          @scanner = StringScanner.new(text)
        end

        # @return [String] "line 3: near …"; empty where nothing is found
        def to_s
          found = catch(:mistake) do
            value(1)
            take(/\z/)
            nil
          end
          return "" unless found

          line = @text.byteslice(0, found).count("\n") + 1
          rest = @text.byteslice(found..).lines.first.to_s.strip
          "line #{line}: #{rest.empty? ? "it ends too early" : "near #{rest[0, QUOTED]}"}"
        end

        private

        def value(depth)
          mistake if depth > DEEPEST
          if take?(/\{/) then members(/\}/) { pair(depth) }
          elsif take?(/\[/) then members(/\]/) { value(depth + 1) }
          else
            take?(STRING) || take(ATOM)
          end
        end

        def members(closing)
          return if take?(closing)

          loop do
            yield
            break unless take?(/,/)
          end
          take(closing)
        end

        def pair(depth)
          take(STRING)
          take(/:/)
          value(depth + 1)
        end

        def take?(pattern)
          @scanner.skip(SPACE)
          @scanner.skip(pattern)
        end

        def take(pattern)
          take?(pattern) or mistake
        end

        def mistake
          throw :mistake, @scanner.pos
        end
      end
    end
  end
end
