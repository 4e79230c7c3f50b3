# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # Waits: for a conversation that another response is using, as the server refuses a request then before anything
        # is made of it; or for a response.
        module Patience
          LOCKED = "conversation_locked"

          # Longer and longer ones, as the settings say, within the client's request timeout.
          class Pauses
            def initialize(client)
              @over = client.request_timeout && (now + client.request_timeout)
              @next = Native.configuration.poll_interval
              @longest = [Native.configuration.max_poll_interval, @next].max
            end

            # @return [Boolean] was there time for one more?
            def take
              return false if @over && now + @next >= @over

              sleep(@next)
              @next = [@next * 1.5, @longest].min
              true
            end

            private

            def now
              Process.clock_gettime(Process::CLOCK_MONOTONIC)
            end
          end

          private_constant :LOCKED, :Pauses

          class << self
            # Yields, again and again while the conversation is locked and the client's request timeout isn't over.
            #
            # @param client [Client]
            # @return [Object] what the block returns
            # @raise [HTTPError] the refusal, when the time is over
            def wait(client)
              pauses = Pauses.new(client)
              begin
                yield
              rescue HTTPError => e
                retry if e.code == LOCKED && pauses.take
                raise
              end
            end

            # Yields, again and again until there is something, and the client's request timeout isn't over.
            #
            # @param client [Client]
            # @return [Object, nil] what the block returned last
            def poll(client)
              pauses = Pauses.new(client)
              loop do
                value = yield
                return value if value || !pauses.take
              end
            end
          end
        end
      end
    end
  end
end
