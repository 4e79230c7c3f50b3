# frozen_string_literal: true

require_relative "lines"

module PromptTracker
  module Native
    module Observation
      # One line a call, one a retry and, at the level :debug, one a request, to `config.logger`.
      #
      # @api private
      module Logging
        # From the least severe.
        LEVELS = %i[debug info warn error].freeze
        PREFIX = "prompt_tracker-native: "
        private_constant :PREFIX

        class << self
          # @return [Boolean]
          def on?
            !Native.configuration.logger.nil?
          end

          # @return [Boolean] whether requests are written, as far as the settings say
          def requests?
            on? && Native.configuration.log_level == :debug
          end

          # A call that ended.
          def call(payload)
            return unless on?

            write(payload[:error] ? :error : :info) { Lines.call(payload) }
          end

          # A request that ended.
          def request(payload, body, answer)
            return unless on?

            write(:debug) { Lines.request(payload, body, answer) }
          end

          # A request that will be sent again.
          def retry(payload)
            return unless on?

            write(:warn) { Lines.retry(payload) }
          end

          # A warning of the gem.
          def warning(text)
            write(:warn) { text }
          end

          private

          # A logger that fails is no reason for a call to fail.
          def write(level)
            configuration = Native.configuration
            return if LEVELS.index(level) < LEVELS.index(configuration.log_level)

            configuration.logger.public_send(level, "#{PREFIX}#{yield}")
          rescue StandardError => e
            return if @failed

            @failed = true
            Kernel.warn "#{PREFIX}config.logger fails: #{e.message} (#{e.class})"
          end
        end
      end
    end
  end
end
