# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # Waits for a conversation that another response is using: the server refuses a request then, before anything is
        # made of it.
        module Patience
          LOCKED = "conversation_locked"

          class << self
            # Yields, again and again while the conversation is locked and the client's request timeout isn't over.
            #
            # @param client [Client]
            # @return [Object] what the block returns
            # @raise [HTTPError] the refusal, when the time is over
            def wait(client)
              over = client.request_timeout && (now + client.request_timeout)
              pause = Native.configuration.poll_interval
              longest = [Native.configuration.max_poll_interval, pause].max
              begin
                yield
              rescue HTTPError => e
                raise unless e.code == LOCKED && (over.nil? || now + pause < over)

                sleep(pause)
                pause = [pause * 1.5, longest].min
                retry
              end
            end

            private

            def now
              Process.clock_gettime(Process::CLOCK_MONOTONIC)
            end
          end
        end
      end
    end
  end
end
