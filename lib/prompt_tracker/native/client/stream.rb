# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # Hands each server-sent event to what the caller gave as `parameters[:stream]`, as ruby-openai does: the
      # parsed data and, where two arguments are taken, the event's name.
      #
      # @api private
      class Stream
        # Splits a caller's parameters into what takes the events and what is sent.
        #
        # @param parameters [Hash]
        # @return [Array(Stream, Hash), Array(nil, Hash)]
        # @raise [ArgumentError] where streaming is asked for and nothing could take the events
        def self.split(parameters)
          key = [:stream, "stream"].find { |name| parameters[name] }
          return [nil, parameters] unless key

          receiver = parameters[key]
          unless receiver.respond_to?(:call)
            raise ArgumentError, "the stream parameter must be a Proc, or an object with #call, that takes the events"
          end

          [new(receiver), parameters.merge(key => true)]
        end

        # @param receiver [#call] takes one or two arguments
        def initialize(receiver)
          @receiver = receiver
          callable = receiver.respond_to?(:arity) ? receiver : receiver.method(:call)
          @taken = callable.arity.abs
        end

        # @param data [Object] what the event's JSON holds
        # @param event [String, nil] the event's name
        def call(data, event)
          @receiver.call(*[data, event].first(@taken))
        end
      end
    end
  end
end
