# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # `/threads/…/runs/…/steps`: what an assistant did in a run. Each call gives the object that the server answers
      # with, a Hash with Strings as keys, and raises {Error} or one of its subclasses where that fails.
      class RunSteps < Resource
        # @param thread_id [String]
        # @param run_id [String]
        # @param parameters [Hash] `limit:`, `order:`, `after:`, `before:`, `include:`
        # @return [Hash] the list, with the steps in `"data"`
        # @raise [ArgumentError] where an id can't be one
        # @example
        #   client.run_steps.list(thread_id: thread, run_id: run, parameters: { order: "asc" })["data"]
        def list(thread_id:, run_id:, parameters: {})
          return classic.list(thread_id, run_id, parameters) if on_conversations?(thread_id)

          ask(:get, steps(thread_id, run_id), query: parameters)
        end

        # @param thread_id [String]
        # @param run_id [String]
        # @param id [String]
        # @param parameters [Hash] `include:`
        # @return [Hash] the step
        # @raise [ArgumentError] where an id can't be one
        def retrieve(thread_id:, run_id:, id:, parameters: {})
          return classic.retrieve(thread_id, run_id, id, parameters) if on_conversations?(thread_id)

          ask(:get, steps(thread_id, run_id) + path(id: id), query: parameters)
        end

        private

        def steps(thread_id, run_id)
          path("threads", { thread_id: thread_id }, "runs", { run_id: run_id }, "steps")
        end
      end
    end
  end
end
