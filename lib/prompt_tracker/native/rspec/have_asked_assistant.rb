# frozen_string_literal: true

require "json"

module PromptTracker
  module Native
    module RSpecHelpers
      # See {RSpecHelpers#have_asked_assistant}.
      class HaveAskedAssistant
        include ::RSpec::Matchers::Composable

        # @private
        def initialize(assistant_id, assistants)
          unless assistant_id.is_a?(String) && !assistant_id.strip.empty?
            raise ArgumentError, "have_asked_assistant needs an assistant's id, such as \"asst_1\""
          end

          @assistant_id = assistant_id
          @assistants = assistants
          @range = (1..)
          @times = "at least once"
        end

        # Only questions that hold this.
        #
        # @param prompt [String, Regexp, Array<Hash>, #===] the text, what matches it, or the content parts
        # @return [self]
        def with(prompt)
          @prompt = prompt
          @named = true
          self
        end

        # @return [self]
        def once = times(1)

        # @return [self]
        def twice = times(2)

        # @param number [Integer]
        # @return [self]
        def times(number) = count(number, number..number, number == 1 ? "once" : "#{number} times")
        alias exactly times

        # @param number [Integer]
        # @return [self]
        def at_least(number) = count(number, number.., "at least #{number} times")

        # @param number [Integer]
        # @return [self]
        def at_most(number) = count(number, 0..number, "at most #{number} times")

        # @private
        def matches?(subject)
          before = subject.is_a?(Proc) ? run(subject) : 0
          @questions = @assistants.questions.drop(before)
          @range.cover?(@questions.count { |question| fits?(question) })
        end

        # @private
        def supports_block_expectations? = true

        # @private
        def supports_value_expectations? = true

        # @private
        def description = "have asked #{@assistant_id}#{" with #{surface(@prompt)}" if @named} #{@times}"

        # @private
        def failure_message = "expected to #{description}, but #{seen}"

        # @private
        def failure_message_when_negated = "expected not to #{description}, but #{seen}"

        private

        def run(block)
          before = @assistants.questions.size
          block.call
          before
        end

        def count(number, range, words)
          raise ArgumentError, "how often must be a whole number from 0 on" unless number.is_a?(Integer) && number >= 0

          @range = range
          @times = words
          self
        end

        def fits?(question)
          return false unless question.assistant_id == @assistant_id
          return true unless @named
          return parts?(question.content) if @prompt.is_a?(Array)

          values_match?(@prompt, question.text)
        end

        # Content parts have other names on the Responses wire.
        def parts?(content)
          [@prompt, Mapping.input(@prompt).first&.fetch(:content, nil)].any? do |parts|
            JSON.parse(JSON.generate(parts)) == content
          end
        rescue ArgumentError, Error
          false
        end

        def surface(prompt) = ::RSpec::Support::ObjectFormatter.format(prompt)

        def seen
          return "no assistant was asked" if @questions.empty?

          asked = @questions.map { |question| "  #{question.assistant_id}: #{question.text.inspect}" }
          "these questions were asked:\n#{asked.join("\n")}"
        end
      end
    end
  end
end
