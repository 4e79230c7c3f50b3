# frozen_string_literal: true

require_relative "annotation"
require_relative "draft"
require_relative "plan"
require_relative "speaker"
require_relative "tokens"

module PromptTracker
  module Native
    class LocalServer
      # Plans how a run goes, by its script: from queued, or from the tool outputs that were just submitted, to its end.
      # @private
      class Performance
        WHY_INCOMPLETE = { "failed" => "run_failed", "cancelled" => "run_cancelled", "expired" => "run_expired",
                           "incomplete" => "max_tokens" }.freeze
        ERROR = { "code" => "server_error", "message" => "Sorry, something went wrong." }.freeze

        # @param run [Run]
        # @param script [Script]
        # @param prompts [Array<String>] what the model would have read, for counting
        def initialize(run, script, prompts, context)
          @run = run
          @script = script
          @prompts = prompts
          @draft = Draft.new(texts, script, context.quirks)
          @delay = script.delay || context.delay
          @plan = Plan.new(context.clock.now)
        end

        # Takes the outputs that a run was waiting for. Its steps go on with the next performance.
        # @param outputs [Hash{String => String}] by call id
        def self.take_outputs(run, outputs)
          run.open_steps.each do |step|
            step.output(outputs)
            run.close_step(step, usage: run.usage)
          end
          run.become("queued", usage: nil)
        end

        # Drops what was planned: the run is cancelling now, and cancelled when it is next looked at.
        def self.cancel(run, context)
          run.become("cancelling")
          plan = Plan.new(context.clock.now)
          plan.at(0) do
            run.open_steps.each do |step|
              run.close_step(step, "cancelled", reason: WHY_INCOMPLETE["cancelled"])
            end
            run.become("cancelled")
          end
          run.follow(plan)
        end

        # Gives the run its plan.
        def begin
          unless @script.ending == "queued"
            at(0) { @run.become("in_progress") }
            speak
            stop
          end
          @run.script = @script
          @run.follow(@plan, polls: @script.polls)
        end

        private

        def at(offset, &action) = @plan.at(offset, &action)

        def texts
          return @script.texts_for(@run.prompt) unless @script.unwritten?
          return [] unless @script.ending == "completed"

          [Speaker.answer(@run.prompt, @run.response_format)]
        end

        def speak
          pieces = 0
          @draft.messages.each_with_index do |blocks, index|
            step = nil
            at(moment(pieces)) { step = @run.open_message }
            blocks.each_with_index do |block, place|
              block.pieces.each { |piece| at(moment(pieces += 1)) { write(step.message, place, piece, block) } }
              at(moment(pieces)) { annotate(step.message, place, block) } if block.annotations&.any?
            end
            last = index == @draft.messages.size - 1
            at(moment(pieces)) { close(step) } unless last && cut_short?
          end
        end

        # Does the end come while the last message is being written?
        def cut_short? = @script.stays? || WHY_INCOMPLETE.key?(@script.ending)

        # When so many pieces have been written, in seconds from the start.
        def moment(pieces) = @draft.pieces.zero? ? 0 : @delay * pieces / @draft.pieces.to_f

        def write(message, place, piece, block)
          delta = if block.other then message.append_block(place, piece)
                  elsif block.refusal? then message.append_refusal(place, piece)
                  else message.append_text(place, piece)
                  end
          @run.emit("thread.message.delta", delta)
        end

        def annotate(message, place, block)
          block.annotations.filter_map { |annotation| Annotation.classic(annotation) }.each do |annotation|
            @run.emit("thread.message.delta", message.annotate(place, annotation))
          end
        end

        def close(step) = @run.close_step(step, usage: usage)

        def stop
          return if @script.stays?
          return call_tools if @script.ending == "requires_action"

          at(@delay) { finish }
        end

        def finish
          status = @script.ending
          error = status == "failed" ? ERROR.merge(@script.last_error || {}) : nil
          @run.become("cancelling") if status == "cancelled"
          @run.open_steps.each do |step|
            step_status = status == "incomplete" ? "completed" : status
            @run.close_step(step, step_status, reason: WHY_INCOMPLETE[status], usage: usage, last_error: error)
          end
          @run.become(status, usage: usage, last_error: error, reason: reason)
        end

        # What the Responses API calls max_output_tokens has another name here.
        def reason
          return unless @script.ending == "incomplete"

          [nil, "max_output_tokens"].include?(@script.reason) ? "max_completion_tokens" : @script.reason
        end

        def call_tools
          step = nil
          at(@delay) { step = @run.open_step }
          @script.calls.each_with_index do |(name, arguments), index|
            at(@delay) { @run.emit("thread.run.step.delta", step.open_call(@run.new_id("call"), name)) }
            arguments.scan(/.{1,8}/m) do |piece|
              at(@delay) { @run.emit("thread.run.step.delta", step.append_arguments(index, piece)) }
            end
          end
          at(@delay) { require_action(step) }
        end

        def require_action(step)
          calls = step.calls.map { |call| call.merge("function" => call["function"].slice("name", "arguments")) }
          action = { "type" => "submit_tool_outputs", "submit_tool_outputs" => { "tool_calls" => calls } }
          @run.become("requires_action", required_action: action, usage: usage)
        end

        def usage
          return Tokens.for_runs(@script.usage) unless @script.usage == Script::COUNTED

          Tokens.usage(@prompts, @draft.texts + @script.calls.flatten)
        end
      end
    end
  end
end
