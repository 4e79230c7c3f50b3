# frozen_string_literal: true

module PromptTracker
  module Native
    # Goes on with a run whose call was lost, with its process or for another reason: nothing is started a second time.
    module Resumption
      # Waits for a run that has been started and returns its result, as {OpenaiAssistantService#call} would have. The
      # ids are in what a call returned, or in the error that it ended with. The run may be over by now.
      #
      # A run of the Assistants API is found by its thread and its own id; a response (`resp_…`) by its id alone, as
      # long as the server keeps it. Where it wants functions called, `tools` answers.
      #
      # @example After a restart
      #   PromptTracker::OpenaiAssistantService.resume(thread_id: job.thread_id, run_id: job.run_id)
      # @example A response
      #   PromptTracker::OpenaiAssistantService.resume(run_id: "resp_abc123", assistant_id: "asst_abc123")
      #
      # @param run_id [String] "run_…", or a response's "resp_…"
      # @param thread_id [String, nil] of a run; a response needs none
      # @param assistant_id [String, nil] what `:model` of the result is to be. Default: the run's own; for a response,
      #   the `assistant_id` in its metadata or, as it does not know of assistants, its model.
      # @param timeout [Numeric, #to_f] seconds for all of this. Default 60. When they are over the run is cancelled at
      #   the server, as that of a call is.
      # @param tools [Hash{String => #call}, nil] as {OpenaiAssistantService#initialize} has them
      # @yieldparam delta [String] the text; of a run that is polled in one piece
      # @return [Hash] as {OpenaiAssistantService#call}
      # @raise [ArgumentError] where one of these can't be used; it says what to give
      # @raise [OpenaiAssistantService::AssistantError] where there is no answer: the messages are those of a call
      def resume(run_id:, thread_id: nil, assistant_id: nil, timeout: 60, tools: nil, &block)
        service = allocate
        service.send(:prepare_resumption, run_id, thread_id, assistant_id, timeout, tools)
        service.send(:resume, &block)
      end
    end
  end
end
