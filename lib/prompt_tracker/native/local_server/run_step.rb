# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # A step of a run: writing a message, or calling functions.
      # @private
      class RunStep
        attr_reader :id, :type, :status, :calls, :message

        # @param message [Message, nil] the message that the step writes; nil for a step of tool calls
        def initialize(id, run, message: nil)
          @id = id
          @run = run
          @message = message
          @type = message ? "message_creation" : "tool_calls"
          @created_at = Time.now.to_i
          @calls = []
          @stamps = { "cancelled_at" => nil, "completed_at" => nil, "expired_at" => nil, "failed_at" => nil }
          @status = "in_progress"
        end

        # @return [Hash] the delta that announces the call, its arguments still empty
        def open_call(id, name)
          @calls << { "id" => id, "type" => "function",
                      "function" => { "name" => name, "arguments" => +"", "output" => nil } }
          function = { "name" => name, "arguments" => "", "output" => nil }
          delta(@calls.last.merge("index" => @calls.size - 1, "function" => function))
        end

        # @return [Hash] the delta
        def append_arguments(index, piece)
          @calls[index]["function"]["arguments"] << piece
          delta("index" => index, "type" => "function", "function" => { "arguments" => piece })
        end

        # @param outputs [Hash{String => String}] by call id
        def output(outputs)
          @calls.each { |call| call["function"]["output"] = outputs[call["id"]] }
        end

        # @param status [String] "completed", "failed", "cancelled" or "expired"
        def finish(status, usage: nil, last_error: nil)
          @status = status
          @usage = usage
          @last_error = last_error
          @stamps["#{status}_at"] = Time.now.to_i
        end

        def to_h
          { "id" => id, "object" => "thread.run.step", "created_at" => @created_at, "run_id" => @run.id,
            "assistant_id" => @run.assistant_id, "thread_id" => @run.thread_id, "type" => type, "status" => status,
            "expires_at" => status == "in_progress" ? @created_at + Run::LIFETIME : nil, "last_error" => @last_error,
            "step_details" => details, "metadata" => {}, "usage" => @usage }.merge(@stamps)
        end

        private

        def delta(call)
          { "id" => id, "object" => "thread.run.step.delta",
            "delta" => { "step_details" => { "type" => "tool_calls", "tool_calls" => [call] } } }
        end

        def details
          return { "type" => type, "message_creation" => { "message_id" => message.id } } if message

          { "type" => type, "tool_calls" => calls.map { |call| call.merge("function" => call["function"].dup) } }
        end
      end
    end
  end
end
