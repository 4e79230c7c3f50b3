# frozen_string_literal: true

module PromptTracker
  module Native
    # The steps of a run that a service has the answer of. A response has them in it; a run is asked for them.
    #
    # @api private
    class AnswerSteps
      # Without this a server leaves out the passages that a file search found.
      INCLUDED = ["step_details.tool_calls[*].file_search.results[*].content"].freeze
      # What a server that has no run steps says.
      LACKING = [404, 405, 501].freeze

      # As much of a run as its steps need.
      Answered = Struct.new(:id, :thread_id, :assistant_id) do
        def outputs = {}

        def cancelled? = false
      end
      private_constant :INCLUDED, :LACKING, :Answered

      # @param client [Client, Object]
      # @param assistant_id [String]
      # @param deadline [Float] on the monotonic clock
      def initialize(client, assistant_id, deadline)
        @client = client.is_a?(Client) ? client.with_deadline(deadline) : client
        @assistant_id = assistant_id
      end

      # @param raw [Hash] of a service's result
      # @return [Hash] a list object, newest first
      # @raise [Error] where the server does not give them
      def of(raw)
        raw[:response] ? within(raw[:response], raw) : asked_for(raw)
      end

      private

      def within(response, raw)
        run = Answered.new(raw[:run_id], raw[:thread_id], @assistant_id)
        Client::Classic::Page.list(Client::Classic::Steps.new(run, response).to_a.reverse)
      end

      def asked_for(raw)
        @client.run_steps.list(thread_id: raw[:thread_id], run_id: raw[:run_id], parameters: { include: INCLUDED })
      rescue ErrorDetails => e
        raise unless LACKING.include?(e.status)

        Definitions.note(@assistant_id,
                         ["the server has no run steps (HTTP #{e.status}), so an answer is without them"])
        Client::Classic::Page.list([])
      end
    end
  end
end
