# frozen_string_literal: true

module PromptTracker
  # Ractors are refused where the gem is entered, with more than Ruby's "ractor unsafe method".
  module Native
    # @api private
    # @raise [Ractor::UnsafeError] outside of the main Ractor
    def self.check_ractor
      return if Ractor.current.equal?(Ractor.main)

      raise Ractor::UnsafeError,
            "prompt_tracker-native works in the main Ractor only: make the call there and send its result " \
            "to this one. Threads and call_many wait without holding Ruby's lock."
    end
  end
end
