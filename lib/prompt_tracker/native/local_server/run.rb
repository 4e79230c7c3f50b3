# frozen_string_literal: true

require_relative "run_step"

module PromptTracker
  module Native
    class LocalServer
      # A run: its state, its steps, and the events that tell what happened to it. {Performance} plans what happens.
      # @private
      class Run
        # Seconds until an unfinished run expires, by its expires_at (nothing expires by itself here).
        LIFETIME = 600
        ENDED = %w[completed failed cancelled expired incomplete].freeze
        Event = Struct.new(:name, :data)

        attr_reader :id, :status, :steps, :events, :usage, :required_action, :params, :plan
        attr_accessor :metadata, :script

        # @param params [Hash] the creating request's body
        # @param streamed [Boolean] are events to be kept for a stream?
        def initialize(conversation, assistant, params, context, streamed:)
          @conversation = conversation
          @assistant = assistant
          @params = params
          @clock = context.clock
          @ids = context.ids
          @id = @ids.call("run")
          @metadata = params["metadata"] || {}
          @created_at = Time.now.to_i
          @stamps = { "started_at" => nil, "cancelled_at" => nil, "failed_at" => nil, "completed_at" => nil }
          @steps = []
          @events = []
          @streamed = streamed
          @held_polls = 0
          @status = "queued"
          emit("thread.run.created", self)
          emit("thread.run.queued", self)
        end

        def assistant_id = @assistant.id

        def thread_id = @conversation.id

        def instructions
          [params["instructions"] || @assistant["instructions"], params["additional_instructions"]].compact.join("\n\n")
        end

        def prompt = @conversation.prompt

        def settled? = ENDED.include?(status)

        # @return [Boolean] will nothing more happen unless someone acts?
        def resting? = settled? || status == "requires_action"

        # From now on events are kept.
        # @return [Integer] where a stream that starts now begins to read them
        def start_stream
          @streamed = true
          @events.size
        end

        # Events are of no use any more.
        def stop_stream
          @streamed = false
          @events = []
        end

        # @param polls [Integer] so many retrievals shall see it in progress
        def follow(plan, polls: 0)
          @plan = plan
          @held_polls = @streamed ? 0 : polls
        end

        # Lets happen what is due.
        def advance = @held_polls.positive? ? @plan&.open(@clock.now) : @plan&.run_due(@clock.now)

        # The same, for a retrieval.
        def poll
          advance
          @held_polls -= 1 if @held_polls.positive?
        end

        # @return [Float, nil] seconds until something happens by itself
        def next_in = @plan&.next_in(@clock.now)

        # Changes the status, and says so in an event.
        def become(status, usage: @usage, last_error: nil, reason: nil, required_action: nil)
          @status = status
          @usage = usage
          @last_error = last_error
          @reason = reason
          @required_action = required_action
          stamp = status == "in_progress" ? "started_at" : "#{status}_at"
          @stamps[stamp] = Time.now.to_i if @stamps.key?(stamp)
          emit("thread.run.#{status}", self)
        end

        # @return [RunStep] a new one that writes a new message
        def open_message
          message = @conversation.add(
            Message.new(@ids.call("msg"), thread_id, role: "assistant", run: self, status: "in_progress")
          )
          step = open_step(message)
          emit("thread.message.created", message)
          emit("thread.message.in_progress", message)
          step
        end

        # @param message [Message, nil] nil for tool calls
        def open_step(message = nil)
          @steps << RunStep.new(@ids.call("step"), self, message: message)
          emit("thread.run.step.created", @steps.last)
          emit("thread.run.step.in_progress", @steps.last)
          @steps.last
        end

        # Ends a step, and the message that it writes.
        # @param reason [String, nil] why the message is incomplete
        def close_step(step, status = "completed", reason: nil, **details)
          if step.message
            step.message.finish(reason ? "incomplete" : "completed", reason: reason)
            emit("thread.message.#{step.message.status}", step.message)
          end
          step.finish(status, **details)
          emit("thread.run.step.#{status}", step)
        end

        # @return [RunStep, nil] the step in progress
        def open_steps = @steps.select { |step| step.status == "in_progress" }

        # Keeps an event for the run's stream, if it has one.
        def emit(name, object) = (@events << Event.new(name, object.to_h) if @streamed)

        def new_id(prefix) = @ids.call(prefix)

        def to_h
          { "id" => id, "object" => "thread.run", "created_at" => @created_at, "assistant_id" => assistant_id,
            "thread_id" => thread_id, "status" => status, "expires_at" => settled? ? nil : @created_at + LIFETIME,
            "required_action" => required_action, "last_error" => @last_error, "model" => setting("model"),
            "instructions" => instructions, "tools" => setting("tools"), "metadata" => metadata,
            "temperature" => setting("temperature"), "top_p" => setting("top_p"),
            "max_completion_tokens" => params["max_completion_tokens"],
            "max_prompt_tokens" => params["max_prompt_tokens"],
            "truncation_strategy" => params["truncation_strategy"] || { "type" => "auto", "last_messages" => nil },
            "incomplete_details" => @reason && { "reason" => @reason }, "usage" => usage,
            "response_format" => response_format, "tool_choice" => params["tool_choice"] || "auto",
            "parallel_tool_calls" => params.fetch("parallel_tool_calls", true) }.merge(@stamps)
        end

        def response_format = setting("response_format")

        private

        def setting(name) = params[name].nil? ? @assistant[name] : params[name]
      end
    end
  end
end
