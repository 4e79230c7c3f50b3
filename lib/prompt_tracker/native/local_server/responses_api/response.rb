# frozen_string_literal: true

require_relative "../run"
require_relative "echo"
require_relative "item"

module PromptTracker
  module Native
    class LocalServer
      module ResponsesApi
        # A response: its state, its output, and the events that tell what happened to it. {Performance} plans what
        # happens. A foreground response that is streamed lives on its stream: only the stream takes it on, and when
        # the stream ends early the response ends there.
        # @private
        class Response
          ENDED = %w[completed failed incomplete cancelled].freeze

          attr_reader :id, :status, :params, :input, :history, :output, :events
          # @return [Script] by which it goes
          attr_reader :script

          # @param params [Hash] the creating request's body
          # @param input [Array<Item>]
          # @param origin [Dialog, Response, nil] what it goes on from
          # @param streamed [Boolean] are events to be kept?
          # @param stored [Boolean] can it be found later?
          def initialize(params, input, origin, context, streamed:, stored:)
            @params = params
            @input = input
            @origin = origin
            @history = origin ? origin.transcript : []
            @clock = context.clock
            @id = context.ids.call("resp")
            @created_at = Time.now.to_i
            @output = []
            @events = []
            @count = 0
            @streamed = streamed
            @bound = streamed && !background?
            @findable = stored
            @stored = stored
            @held_polls = 0
            @cancelled_event = context.quirks.on?(:cancelled_event)
            @status = background? ? "queued" : "in_progress"
            dialog&.enter(self)
            announce("response.created")
            announce("response.queued") if background?
          end

          def background? = params["background"] == true

          # @return [Boolean] can a stream of it be taken up again?
          def resumable? = background? && @streamed

          # @return [Boolean] does a request for its id find it?
          def findable? = @findable

          # @return [Dialog, nil]
          def dialog = @origin.is_a?(Dialog) ? @origin : nil

          # @return [Array<Item>] what a response that goes on from it is given to read
          def transcript = history + input + output

          # @return [String] the text of the user's last message
          def prompt
            (history + input).reverse_each.find { |item| item.type == "message" && item["role"] == "user" }&.text.to_s
          end

          def settled? = ENDED.include?(status)

          alias resting? settled?

          # @param polls [Integer] so many retrievals shall see it in progress
          def follow(plan, script, polls: 0)
            @plan = plan
            @script = script
            @held_polls = @streamed ? 0 : polls
          end

          # Lets happen what is due, unless that is for its stream to do.
          def advance
            return if @bound

            @held_polls.positive? ? @plan&.open(@clock.now) : @plan&.run_due(@clock.now)
          end

          # The same without regard to retrievals, for a create that answers when all is done.
          def hurry
            @held_polls = 0
            advance
          end

          # The same, for a retrieval.
          def poll
            advance
            @held_polls -= 1 if @held_polls.positive?
          end

          # The same, for its stream.
          def step = @bound ? @plan&.step(@clock.now) : advance

          # @return [Float, nil] seconds until something happens by itself
          def next_in = @plan&.next_in(@clock.now)

          # Changes the status, and says so in an event.
          def become(status, usage: nil, error: nil, reason: nil)
            @status = status
            @usage = usage
            @error = error
            @reason = reason
            @completed_at = Time.now.to_i if status == "completed"
            dialog&.add(input + output) if %w[completed incomplete].include?(status)
            announce("response.#{status}") unless status == "cancelled" && !@cancelled_event
          end

          # Ends it, whatever was planned.
          def cancel
            @plan = nil
            become("cancelled") unless settled?
          end

          # Its stream has ended before it did.
          # @param found [Boolean, String] false: it ends and can't be found any more; true: it goes on; a status: it is
          #   found with that
          def leave(found)
            return unless @bound

            @bound = false
            return if settled? || found == true

            @plan = nil
            @findable = false unless found
            @status = found ? found.to_s : "cancelled"
          end

          # Forgets it: its id finds nothing any more.
          def delete
            cancel
            @findable = false
          end

          # Its stream has been read to the end.
          def stop_stream = (@events = [] unless resumable?)

          # Adds an event.
          # @yieldreturn [Hash] its fields
          def emit(name)
            return unless @streamed

            @events << Run::Event.new(name, { "type" => name }.merge(yield, "sequence_number" => @count))
            @count += 1
          end

          def to_h
            {
              "id" => id, "object" => "response", "created_at" => @created_at, "status" => status,
              "background" => background?, "completed_at" => @completed_at,
              "conversation" => dialog && { "id" => dialog.id }, "error" => @error,
              "incomplete_details" => @reason && { "reason" => @reason }, "output" => output.map(&:to_h),
              "usage" => @usage, **Echo.of(params), "store" => @stored
            }
          end

          private

          def announce(name) = emit(name) { { "response" => to_h } }
        end
      end
    end
  end
end
