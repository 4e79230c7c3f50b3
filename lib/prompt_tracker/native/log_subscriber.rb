# frozen_string_literal: true

begin
  require "active_support"
  require "active_support/core_ext/object/blank" # which the next one uses and does not require
  require "active_support/log_subscriber"
rescue LoadError => e
  raise unless e.path.to_s.start_with?("active_support")

  raise LoadError, "prompt_tracker/native/log_subscriber needs the activesupport gem, to write calls to Rails' log"
end
require "prompt_tracker/native"
require_relative "observation" # now, and not at the first call, while other threads may fork

module PromptTracker
  module Native
    # Writes calls and retries to Rails' log, and requests at the level debug, as Active Record does its queries. It is
    # attached with:
    #
    # @example
    #   require "prompt_tracker/native/log_subscriber"
    #   PromptTracker::Native::LogSubscriber.attach_to :prompt_tracker_native
    class LogSubscriber < ::ActiveSupport::LogSubscriber
      # ActiveSupport's own way to hand over an event of any name, and the name of one of ours.
      #
      # @param event [ActiveSupport::Notifications::Event]
      def call(event)
        return super unless event.name.start_with?("call.")

        level = event.payload[:error] ? :error : :info
        send(level) { shown(Observation::Lines.call(event.payload)) }
      end

      # @param event [ActiveSupport::Notifications::Event]
      def request(event)
        debug { shown(Observation::Lines.request(event.payload, nil, nil)) }
      end
      subscribe_log_level :request, :debug if respond_to?(:subscribe_log_level, true)

      # @param event [ActiveSupport::Notifications::Event]
      def retry(event)
        warn { shown(Observation::Lines.retry(event.payload)) }
      end

      # ActiveSupport takes `call` for its own, and would leave it out.
      def self.fetch_public_methods(*)
        super | [:call]
      end
      private_class_method :fetch_public_methods

      private

      def shown(line)
        "  #{color("PromptTracker", GREEN, bold: true)}  #{line}"
      end
    end
  end
end
