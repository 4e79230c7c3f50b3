# frozen_string_literal: true

require_relative "doctor/report"
require_relative "doctor/assistants"
require_relative "doctor/connection"
require_relative "doctor/settings"
require_relative "doctor/surroundings"

module PromptTracker
  module Native
    # Looks for what could keep calls from working, and says what to do. {Native.doctor} is its door.
    #
    # @api private
    class Doctor
      include Assistants
      include Connection
      include Settings
      include Surroundings

      # In the order in which they are shown.
      CHECKS = %i[versions key server proxy certificates wire definitions specs network].freeze
      # What says nothing where there is no server to look at.
      OF_THE_SERVER = %i[proxy certificates wire network].freeze
      private_constant :CHECKS, :OF_THE_SERVER

      # @param assistant_id [String, nil]
      # @param network [Boolean]
      # @param timeout [Numeric] seconds
      # @raise [ArgumentError]
      def initialize(assistant_id, network:, timeout:)
        unless assistant_id.nil? || (assistant_id.is_a?(String) && assistant_id.match?(Definitions::ID))
          raise ArgumentError, "assistant_id must be an id such as \"asst_abc123\", not #{assistant_id.inspect}"
        end

        @assistant_id = assistant_id
        @network = network
        @timeout = Configuration::Check.seconds(:timeout, timeout)
      end

      # @yieldparam check [Check] as soon as it is done
      # @return [Report]
      def examine
        checks = CHECKS.map { |name| look(name).tap { |check| yield check if block_given? } }
        Report.new(checks)
      end

      private

      # A setting that can't work is an answer here, and not the end.
      def look(name)
        @name = name
        return skipped("not looked at: the base URL can't be used") if OF_THE_SERVER.include?(name) && !base_url?

        send(:"check_#{name}")
      rescue Error, ArgumentError, SystemCallError => e
        problem(e.message, "correct what it names")
      end

      def fine(message)
        Check.new(@name, :ok, message, nil)
      end

      def warning(message, advice)
        Check.new(@name, :warning, message, advice)
      end

      def problem(message, advice)
        Check.new(@name, :problem, message, advice)
      end

      def skipped(message)
        Check.new(@name, :skipped, message, nil)
      end

      def configuration
        Native.configuration
      end

      def base_url
        configuration.base_url
      end

      def base_url?
        !base_url.nil?
      rescue Error
        false
      end

      def loopback?
        base_url.match?(%r{\Ahttps?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(?=[:/]|\z)}i)
      end
    end
  end
end
