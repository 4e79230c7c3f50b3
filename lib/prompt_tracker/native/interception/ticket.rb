# frozen_string_literal: true

module PromptTracker
  module Native
    class Interception
      # One request and who has seen it: what the extension holds on to until the request is over.
      #
      # @api private
      class Ticket
        def initialize(request, interceptors)
          @request = request
          @interceptors = interceptors
          @answer = nil
          @by = nil
          @asked = []
        end

        # Asks the interceptors in turn.
        #
        # @return [Array, Exception, nil] nil: the request is to go out
        def answer
          by = @interceptors.find do |interceptor|
            @asked << interceptor
            @answer = interceptor.answer(@request)
          end
          return if by.nil? || @answer == PASS

          @by = by
          @answer.is_a?(Exception) ? @answer : @answer.to_a
        end

        # The same for a request whose answer nobody waits for: one that must not go out doesn't, without a word.
        #
        # @return [Boolean] false: it is to go out
        def answer_unheard?
          !answer.nil?
        rescue Exception => e # rubocop:disable Lint/RescueException
          raise unless e.is_a?(StandardError) || @interceptors.any? { |interceptor| interceptor.refusal?(e) }

          true
        end

        # Tells those who have seen the request what a real server said.
        def observe(status, block, body)
          headers, reason = Answer.read(block)
          body = body.b unless body.valid_encoding?
          answer = Answer.new(status: status, headers: headers, body: body, reason: reason)
          @asked.each { |interceptor| interceptor.observe(@request, answer) }
        end

        # @return [Boolean] whether it was answered here
        def answered? = !@by.nil?

        # @return [Boolean] whether it could be answered otherwise a second time
        def repeats? = @by.repeats?(@request)

        # @return [Boolean] see {Answer#overdue?}
        def overdue? = @answer.is_a?(Answer) && @answer.overdue?
      end
    end
  end
end
