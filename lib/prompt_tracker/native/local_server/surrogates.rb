# frozen_string_literal: true

require "json"

module PromptTracker
  module Native
    class LocalServer
      # Half emoji. Ruby's strings can't hold a lone surrogate, so a half is written as a marker of noncharacters and
      # becomes the escape `\udXXX` in the JSON text.
      # @private
      module Surrogates
        MARK = "\uFDD0"
        ASTRAL = /[\u{10000}-\u{10FFFF}]/

        # @param text [String]
        # @return [Array<String>] the text in pieces, cut through the middle of every emoji
        def self.split(text)
          pieces = [+""]
          text.each_char do |char|
            next pieces.last << char unless char.match?(ASTRAL)

            high, low = halves(char)
            pieces.last << MARK << high
            pieces << (MARK + low)
          end
          pieces
        end

        # @return [String] JSON, with the markers as escapes and, like some servers, nothing but ASCII
        def self.generate(object)
          JSON.generate(object, ascii_only: true).gsub(/\\ufdd0(\h{4})/i) { "\\u#{Regexp.last_match(1)}" }
        end

        def self.halves(char)
          char.encode(Encoding::UTF_16BE).unpack("n2").map { |unit| format("%04x", unit) }
        end
        private_class_method :halves
      end
    end
  end
end
