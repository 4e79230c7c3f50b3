# frozen_string_literal: true

require_relative "frames"

module PromptTracker
  module Native
    class LocalServer
      # A source of events in which neighbours change places, but for the first event and the last one. Only those of
      # the Responses API do: their numbers tell the order.
      # @private
      class Reordered
        def initialize(source)
          @source = source
        end

        def each_event
          held = nil
          @source.each_event do |name, data|
            next held = [name, data] if held.nil? && movable?(name)

            swapped = movable?(name)
            yield name, data if swapped
            yield(*held) if held
            yield name, data unless swapped
            held = nil
          end
          yield(*held) if held
        end

        private

        def movable?(name)
          name.to_s.start_with?("response.") && name != "response.created" && !Frames::LAST_EVENTS.include?(name)
        end
      end
    end
  end
end
