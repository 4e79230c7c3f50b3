# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # {Client::RunSteps}
        class RunSteps
          def initialize(client)
            @client = client
          end

          # @return [Hash]
          def list(thread_id, run_id, parameters)
            page = Page.new(parameters, %w[include])
            page.cut(steps(thread_id, run_id, page["include"]))
          end

          # @return [Hash]
          def retrieve(thread_id, run_id, id, parameters)
            Query.id(:id, id)
            page = Page.new(parameters, %w[include])
            steps(thread_id, run_id, page["include"]).find { |step| step["id"] == id } ||
              raise(Classic.not_found("No run step found with id '#{id}'."))
          end

          private

          # Of all responses of the run, oldest first.
          def steps(thread_id, run_id, include)
            Query.id(:run_id, run_id)
            included = RunRequest.included(include)
            thread = Classic.thread(@client, thread_id)
            run = Classic.runs[run_id]
            ids = run ? run.responses : [run_id]
            ids.flat_map do |id|
              response = Classic.response(thread, run, id, included)
              run ||= Run.found(response, thread_id).tap { |found| found.see(response) }
              Steps.new(run, response).to_a
            end
          end
        end
      end
    end
  end
end
