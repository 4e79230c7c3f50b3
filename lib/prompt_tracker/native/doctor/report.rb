# frozen_string_literal: true

require "json"

module PromptTracker
  module Native
    class Doctor
      # One thing that was looked at.
      #
      # @!attribute [r] name
      #   @return [Symbol] :key, :server, :network …
      # @!attribute [r] status
      #   @return [Symbol] :ok, :warning, :problem or :skipped
      # @!attribute [r] message
      #   @return [String] what was found
      # @!attribute [r] advice
      #   @return [String, nil] what to do
      Check = Struct.new(:name, :status, :message, :advice) do
        # @return [String] a line for people, and one with the advice
        def to_s
          line = format("%<status>-8s %<name>-13s %<message>s", status: status, name: name, message: message)
          advice ? "#{line}\n#{" " * 23}-> #{advice}" : line
        end
      end

      # What {Native.doctor} found.
      class Report
        # @return [Array<Check>]
        attr_reader :checks

        # @param checks [Array<Check>]
        def initialize(checks)
          @checks = checks.freeze
        end

        # @return [Boolean] whether there is no problem; warnings are none
        def ok?
          problems.empty?
        end

        # @return [Array<Check>]
        def problems
          checks.select { |check| check.status == :problem }
        end

        # @return [Array<Check>]
        def warnings
          checks.select { |check| check.status == :warning }
        end

        # @param name [Symbol]
        # @return [Check, nil]
        def [](name)
          checks.find { |check| check.name == name }
        end

        # @return [Hash{Symbol => Object}] `{ ok:, checks: [{ name:, status:, message:, advice: }] }`
        def to_h
          { ok: ok?, checks: checks.map(&:to_h) }
        end

        # @return [String]
        def to_json(*options)
          to_h.to_json(*options)
        end

        # @return [String] one line
        def summary
          return "all is well" if problems.empty? && warnings.empty?

          [count(problems, "problem"), count(warnings, "warning")].compact.join(", ")
        end

        # @return [String] all of it
        def to_s
          [*checks, summary].join("\n")
        end

        # @return [String]
        def inspect
          "#<#{self.class} #{summary}>"
        end

        private

        def count(list, what)
          "#{list.size} #{what}#{"s" if list.size > 1}" unless list.empty?
        end
      end
    end
  end
end
