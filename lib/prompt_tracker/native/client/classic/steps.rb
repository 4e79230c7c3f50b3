# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # What a response put out as steps of a run: a message is one; function calls next to each other are one; a
        # search and an interpreter's call are one each. The rest, such as reasoning, is none.
        class Steps
          PREFIX = "step_"
          MESSAGES = %w[message image_generation_call].freeze
          CALLS = %w[file_search_call code_interpreter_call].freeze
          # What is not listed has come to its end.
          STATES = { "in_progress" => "in_progress", "searching" => "in_progress", "interpreting" => "in_progress",
                     "failed" => "failed" }.freeze
          # Ends of a run that its open steps share.
          BAD_ENDS = %w[cancelled failed].freeze
          NO_TOKENS = { "prompt_tokens" => 0, "completion_tokens" => 0, "total_tokens" => 0 }.freeze
          STAMPS = %w[cancelled_at completed_at expired_at failed_at].freeze

          private_constant :PREFIX, :STATES, :NO_TOKENS, :STAMPS

          # @param run [Run]
          # @param response [Hash] one of its responses
          def initialize(run, response)
            @run = run
            @response = response
          end

          # @return [Array<Hash>] oldest first
          def to_a
            groups = Array(@response["output"]).slice_when { |one, other| !(function?(one) && function?(other)) }
            steps = groups.filter_map { |items| step_of(items) }
            steps.each { |step| step["usage"] = NO_TOKENS unless step["status"] == "in_progress" }
            last = steps.reverse.find { |step| step["usage"] }
            last["usage"] = shape["usage"] if last && shape["usage"]
            steps
          end

          # @param item [Hash] a message
          # @return [Hash] the step that writes it
          def message(item, status = state(item))
            step(item["id"], "message_creation", status, "message_creation" => { "message_id" => item["id"] })
          end

          # @param items [Array<Hash>] function calls
          # @return [Hash] the step that makes them
          def functions(items, status = answered(items))
            calls = items.map { |item| function(item) }
            step(items.first["id"], "tool_calls", status, "tool_calls" => calls)
          end

          # @param item [Hash] a search or an interpreter's call
          # @return [Hash] the step that it is
          def call(item, status = state(item))
            call = item["type"] == "file_search_call" ? search(item) : code(item)
            step(item["id"], "tool_calls", status, "tool_calls" => [call])
          end

          private

          def shape
            @shape ||= ResponseShape.run(@response, @run.assistant_id.to_s, nil, nil)
          end

          def function?(item)
            item["type"] == "function_call"
          end

          def step_of(items)
            item = items.first
            case item["type"]
            when *MESSAGES then message(item)
            when "function_call" then functions(items)
            when *CALLS then call(item)
            end
          end

          # One that was at work when its response ended has ended as that did.
          def state(item)
            state = STATES.fetch(item["status"].to_s, "completed")
            return state unless state == "in_progress" || item["status"] == "incomplete"

            BAD_ENDS.include?(shape["status"]) ? shape["status"] : state
          end

          def answered(items)
            return "completed" if items.all? { |item| @run.outputs.key?(item["call_id"]) }
            return "cancelled" if @run.cancelled?

            BAD_ENDS.include?(shape["status"]) ? shape["status"] : "in_progress"
          end

          def function(item)
            { "id" => item["call_id"], "type" => "function",
              "function" => { "name" => item["name"], "arguments" => item["arguments"],
                              "output" => @run.outputs[item["call_id"]] } }
          end

          def search(item)
            results = Array(item["results"]).map do |result|
              content = result["text"] && [{ "type" => "text", "text" => result["text"] }]
              { "file_id" => result["file_id"], "file_name" => result["filename"], "score" => result["score"],
                "content" => content }.compact
            end
            { "id" => item["id"], "type" => "file_search", "file_search" => { "results" => results } }
          end

          def code(item)
            outputs = Array(item["outputs"]).map do |output|
              next output unless output["type"] == "image"

              { "type" => "image", "image" => { "file_id" => output["file_id"] || output["url"] } }
            end
            { "id" => item["id"], "type" => "code_interpreter",
              "code_interpreter" => { "input" => item["code"].to_s, "outputs" => outputs } }
          end

          def step(id, type, status, details)
            created = @response["created_at"] || Time.now.to_i
            ended = @response["completed_at"] || created
            stamps = STAMPS.to_h { |name| [name, name == "#{status}_at" ? ended : nil] }
            { "id" => "#{PREFIX}#{id}", "object" => "thread.run.step", "created_at" => created, "run_id" => @run.id,
              "assistant_id" => @run.assistant_id, "thread_id" => @run.thread_id, "type" => type, "status" => status,
              "step_details" => { "type" => type, **details }, "last_error" => error(status), "expires_at" => nil,
              **stamps, "metadata" => {}, "usage" => nil }
          end

          def error(status)
            error = shape["last_error"] if status == "failed"
            error && (error["code"] == "rate_limit_exceeded" ? error : { **error, "code" => "server_error" })
          end
        end
      end
    end
  end
end
