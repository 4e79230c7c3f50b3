# frozen_string_literal: true

module PromptTracker
  module Native
    module Observation
      # Events of ActiveSupport::Notifications, where the app has loaded it.
      #
      # @api private
      module Notifications
        # By the event's own part of the name.
        NAMES = %w[call request retry].to_h { |name| [name, "#{name}.prompt_tracker_native"] }.freeze
        ALL = NAMES.values.freeze
        private_constant :NAMES, :ALL

        class << self
          # @return [Boolean] whether one of the events has a subscriber
          def on?
            center = self.center or return false
            notifier = center.notifier
            ALL.any? { |name| notifier.listening?(name) }
          end

          # @return [Boolean] whether the event of requests has one
          def requests?
            center = self.center or return false
            center.notifier.listening?(NAMES.fetch("request"))
          end

          # What a subscriber raises passes, as ActiveSupport has it.
          #
          # @param event [String] "call", "request" or "retry"
          # @param payload [Hash] the one that subscribers get
          def instrument(event, payload, &work)
            center = self.center
            return center.instrument(NAMES.fetch(event), payload, &work) if center

            work&.call
          end

          private

          # Not loaded for our sake: while it waits for its autoload, nobody can have subscribed.
          def center
            @center ||= find
          end

          def find
            return unless defined?(::ActiveSupport) && ::ActiveSupport.const_defined?(:Notifications, false)
            return if ::ActiveSupport.autoload?(:Notifications)

            ::ActiveSupport::Notifications
          end
        end
      end
    end
  end
end
