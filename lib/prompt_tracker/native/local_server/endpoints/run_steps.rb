# frozen_string_literal: true

require_relative "endpoint"

module PromptTracker
  module Native
    class LocalServer
      module Endpoints
        # /threads/{thread_id}/runs/{run_id}/steps
        # @private
        class RunSteps < Endpoint
          def list(thread_id, run_id) = page(steps(thread_id, run_id))

          def retrieve(thread_id, run_id, id)
            shown(steps(thread_id, run_id).find { |step| step.id == id } || raise(ApiError.not_found("run step", id)))
          end

          private

          def steps(thread_id, run_id) = store.conversation(thread_id).run(run_id).tap(&:advance).steps
        end
      end
    end
  end
end
