# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # `/threads/…/runs`: an assistant at work on a thread. Each call gives the object that the server answers with,
      # a Hash with Strings as keys, and raises {Error} or one of its subclasses where that fails. Those that start
      # or continue a run can stream (see {Client}); they then give "".
      class Runs < Resource
        # @param thread_id [String]
        # @param parameters [Hash] `limit:`, `order:`, `after:`, `before:`
        # @return [Hash] the list, with the runs in `"data"`
        # @raise [ArgumentError] where the id can't be one
        # @raise [UnsupportedError] for a conversation
        def list(thread_id:, parameters: {})
          return classic.list(thread_id) if on_conversations?(thread_id)

          ask(:get, path("threads", { thread_id: thread_id }, "runs"), query: parameters)
        end

        # @param thread_id [String]
        # @param id [String]
        # @return [Hash] the run
        # @raise [ArgumentError] where an id can't be one
        # @example
        #   client.runs.retrieve(thread_id: thread, id: run)["status"] # => "completed"
        def retrieve(thread_id:, id:)
          return classic.retrieve(thread_id, id) if on_conversations?(thread_id)

          ask(:get, run(thread_id, id))
        end

        # @param thread_id [String]
        # @param parameters [Hash] `assistant_id:`, `instructions:`, `stream:` …
        # @param query_parameters [Hash] `include:`
        # @return [Hash, String] the run, or "" where it was streamed
        # @raise [ArgumentError] where the id can't be one, or `stream:` can't be called
        # @example
        #   client.runs.create(thread_id: id, parameters: { assistant_id: "asst_…" })["id"] # => "run_…"
        def create(thread_id:, parameters: {}, query_parameters: {})
          return classic.create(thread_id, parameters, query_parameters) if on_conversations?(thread_id)

          ask(:post, path("threads", { thread_id: thread_id }, "runs"), assistant_id: named(parameters, :assistant_id),
                                                                        query: query_parameters, parameters: parameters)
        end

        # @param id [String]
        # @param thread_id [String]
        # @param parameters [Hash] `metadata:`
        # @return [Hash] the run
        # @raise [ArgumentError] where an id can't be one
        # @raise [UnsupportedError] in a conversation
        def modify(id:, thread_id:, parameters: {})
          return classic.modify(thread_id, id) if on_conversations?(thread_id)

          ask(:post, run(thread_id, id), parameters: parameters)
        end

        # @param id [String]
        # @param thread_id [String]
        # @return [Hash] the run
        # @raise [ArgumentError] where an id can't be one
        def cancel(id:, thread_id:)
          return classic.cancel(thread_id, id) if on_conversations?(thread_id)

          ask(:post, "#{run(thread_id, id)}/cancel")
        end

        # @param parameters [Hash] `assistant_id:`, `thread:`, `stream:` …
        # @return [Hash, String] the run, or "" where it was streamed
        # @raise [ArgumentError] where `stream:` can't be called
        # @example
        #   client.runs.create_thread_and_run(
        #     parameters: { assistant_id: "asst_…", thread: { messages: [{ role: "user", content: "Hello!" }] },
        #                   stream: ->(data, event) { puts event } }
        #   )
        def create_thread_and_run(parameters: {})
          assistant_id = named(parameters, :assistant_id)
          return classic.create_thread_and_run(parameters) if Wire.assistant?(@plain, assistant_id)

          ask(:post, path("threads", "runs"), assistant_id: assistant_id, parameters: parameters)
        end

        # @param thread_id [String]
        # @param run_id [String]
        # @param parameters [Hash] `tool_outputs:`, `stream:`
        # @return [Hash, String] the run, or "" where it was streamed
        # @raise [ArgumentError] where an id can't be one, or `stream:` can't be called
        # @example
        #   client.runs.submit_tool_outputs(
        #     thread_id: thread, run_id: run, parameters: { tool_outputs: [{ tool_call_id: call, output: "42" }] }
        #   )
        def submit_tool_outputs(thread_id:, run_id:, parameters: {})
          return classic.submit_tool_outputs(thread_id, run_id, parameters) if on_conversations?(thread_id)

          ask(:post, "#{path("threads", { thread_id: thread_id }, "runs", { run_id: run_id })}/submit_tool_outputs",
              parameters: parameters)
        end

        private

        def run(thread_id, id)
          path("threads", { thread_id: thread_id }, "runs", { id: id })
        end
      end
    end
  end
end
