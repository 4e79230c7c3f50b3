# frozen_string_literal: true

require "json"
require_relative "sample"

module PromptTracker
  module Native
    class LocalServer
      # The built-in assistant's words.
      # @private
      module Speaker
        COMMON = %w[
          a about am an and any are as at be been but by can could did do does for from had has have hello hey hi how
          i if in into is it its just let like me my of on or our please s should so some t tell that the their them
          then there these they this to us was we were what when where which who why will with would you your
        ].freeze
        # At most so many words are quoted, and so many characters of each.
        WORDS = 4
        LONGEST = 40

        # @param prompt [String]
        # @param format [Object] the response_format, or the Responses API's text.format, that was asked for
        # @return [String]
        def self.answer(prompt, format = nil)
          case format.is_a?(Hash) && format["type"]
          when "json_schema" then JSON.generate(Sample.new(schema(format)).value)
          when "json_object" then JSON.generate("answer" => sentence(prompt), "source" => "local stand-in")
          else sentence(prompt)
          end
        end

        # @param outputs [Hash{String => String}] function name => output
        def self.after_tools(outputs)
          said = outputs.map { |name, output| "#{name} says: #{output}" }.join("; ")
          "Your tools have answered. #{said}. This is the local stand-in: no model was asked."
        end

        # @return [Array<String>] the text as deltas, each a word with the space before it
        def self.deltas(text) = text.scan(/\s*\S+|\s+\z/)

        def self.schema(format) = format.dig("json_schema", "schema") || format["schema"] || {}
        private_class_method :schema

        def self.sentence(prompt)
          words = keywords(prompt)
          about = words.empty? ? "You sent something without words." : "You asked about #{list(words)}."
          "#{about} This is the local stand-in: no model was asked, but your request arrived and the answer came back."
        end
        private_class_method :sentence

        def self.keywords(prompt)
          words = prompt.scan(/[[:alnum:]]+(?:['’-][[:alnum:]]+)*/).uniq(&:downcase)
          telling = words.reject { |word| COMMON.include?(word.downcase.sub(/['’].*/, "")) }
          (telling.empty? ? words : telling).first(WORDS).map { |word| word[0, LONGEST] }
        end
        private_class_method :keywords

        def self.list(words)
          quoted = words.map { |word| "“#{word}”" }
          quoted.size > 1 ? "#{quoted[0..-2].join(", ")} and #{quoted[-1]}" : quoted[0]
        end
        private_class_method :list
      end
    end
  end
end
