# frozen_string_literal: true

require_relative "../allowed"
require_relative "../event_stream"
require_relative "../performance"
require_relative "../run"
require_relative "../run_events"
require_relative "endpoint"

module PromptTracker
  module Native
    class LocalServer
      module Endpoints
        # /threads/runs and /threads/{thread_id}/runs
        # @private
        class Runs < Endpoint
          REFUSED = Script.new(ending: "failed", last_error: { message: "The run failed at once." })

          def create(thread_id)
            conversation = store.conversation(thread_id)
            params = body(Allowed::RUN)
            assistant = assistant(params["assistant_id"], param: "assistant_id")
            check_idle(conversation)
            (params["additional_messages"] || []).each { |message| add_message(conversation, message) }
            start(conversation, assistant, params)
          end

          def create_with_thread
            params = body(Allowed::THREAD_AND_RUN)
            assistant = assistant(params["assistant_id"], param: "assistant_id")
            conversation = add_conversation(params["thread"] || {})
            start(conversation, assistant, params, before: [["thread.created", conversation.to_h]])
          end

          def list(thread_id)
            conversation = store.conversation(thread_id)
            conversation.advance
            page(conversation.runs.values)
          end

          def retrieve(thread_id, id)
            run = run(thread_id, id)
            run.poll
            shown(run)
          end

          def modify(thread_id, id)
            run = current(thread_id, id)
            run.metadata = body(Allowed::METADATA_CHANGE)["metadata"] || {}
            shown(run)
          end

          def cancel(thread_id, id)
            run = current(thread_id, id)
            raise ApiError.new("Cannot cancel run with status '#{run.status}'.") if run.settled?

            Performance.cancel(run, context)
            context.clock.ring
            shown(run)
          end

          def submit_tool_outputs(thread_id, id)
            run = current(thread_id, id)
            params = body(Allowed::TOOL_OUTPUTS)
            outputs = outputs(run, params["tool_outputs"])
            from = run.start_stream if streams?(params)
            script = continuation(run, outputs)
            Performance.take_outputs(run, outputs)
            answer(run, script, params, from: from, before: restart(run))
          end

          private

          def run(thread_id, id) = store.conversation(thread_id).run(id)

          def current(thread_id, id) = run(thread_id, id).tap(&:advance)

          def check_idle(conversation)
            conversation.advance
            return unless (run = conversation.active_run)

            raise ApiError.new("Thread #{conversation.id} already has an active run #{run.id}.")
          end

          def check_content(conversation, run)
            return unless conversation.messages.empty? && run.instructions.empty?

            raise ApiError.new("Run creation requires a Thread with a user message or an assistant with instructions.",
                               code: "invalid_thread")
          end

          def streams?(params)
            return false if quirks.any?(:json_for_stream, :failed_200)

            params["stream"] == true
          end

          def start(conversation, assistant, params, before: [])
            run = Run.new(conversation, assistant, params, context, streamed: streams?(params))
            check_content(conversation, run)
            conversation.runs[run.id] = run
            script = quirks.on?(:failed_200) ? REFUSED : context.next_script(assistant.id)
            answer(run, script, params, created: true, before: before)
          end

          # Sets the run going; answers with its stream, or with the run as it is before anything happened.
          def answer(run, script, params, created: false, **where)
            queued = run.to_h
            Performance.new(run, script, prompts(run), context).begin
            return stream(run, **where) if streams?(params)

            Answer.new(quirks.any?(:blocking_create, :failed_200) ? rested(run) : queued, created: created)
          end

          # @return [Hash] the run when nothing more will happen by itself
          def rested(run)
            epoch = context.clock.epoch
            run.follow(run.plan)
            loop do
              run.advance
              return run.to_h if run.resting?

              context.clock.wait([run.next_in, EventStream::LOOK].compact.min, epoch)
            end
          end

          def prompts(run)
            conversation = store.conversations[run.thread_id]
            [run.instructions, *conversation&.messages&.values&.map(&:text)]
          end

          def stream(run, from: 0, before: [])
            events = RunEvents.new(run, context, from: from, before: before)
            Answer.new(EventStream.new(events, context, breaks: context.next_break))
          end

          def restart(run) = quirks.on?(:restarted_stream) ? [["thread.run.created", run.to_h]] : []

          # @return [Hash{String => String}] outputs by call id
          def outputs(run, given)
            unless run.status == "requires_action"
              raise ApiError.new("Runs in status \"#{run.status}\" do not accept tool outputs.")
            end

            wanted = calls(run).map { |call| call["id"] }
            outputs = given.to_h { |output| [output["tool_call_id"], output["output"].to_s] }
            return outputs if outputs.keys.sort == wanted.sort

            raise ApiError.new("Expected tool outputs for call_ids #{wanted}, got #{outputs.keys}",
                               param: "tool_outputs")
          end

          def calls(run) = run.required_action.dig("submit_tool_outputs", "tool_calls")

          def continuation(run, outputs)
            by_name = calls(run).to_h { |call| [call.dig("function", "name"), outputs[call["id"]]] }
            script = run.script.continuation(by_name) || context.next_script(run.assistant_id)
            script.unwritten? && script.ending == "completed" ? script.saying(Speaker.after_tools(by_name)) : script
          end
        end
      end
    end
  end
end
