# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # Takes the events of a response, and hands them on as those of a run. Events of other kinds are left out, and
        # so is one that has come before: a server, or a stream that is taken up again, may repeat some.
        class RunEvents
          # What the run itself does, and what its items do.
          OWN = {
            "response.created" => :created, "response.in_progress" => :in_progress,
            "response.completed" => :ended, "response.failed" => :ended, "response.incomplete" => :ended,
            "response.cancelled" => :ended, "error" => :refused
          }.freeze
          ITEMS = {
            "response.output_item.added" => :added, "response.output_item.done" => :done,
            "response.output_text.delta" => :text, "response.refusal.delta" => :refusal,
            "response.output_text.annotation.added" => :annotation,
            "response.function_call_arguments.delta" => :arguments
          }.freeze
          KIND = /\A(?:response\.|error\z)/
          # How many of the last sequence numbers are remembered.
          REMEMBERED = 64

          private_constant :OWN, :ITEMS, :KIND, :REMEMBERED

          # @return [Hash, nil] the newest state of the response
          attr_reader :response
          # @return [Integer] the highest sequence number so far
          attr_reader :last_sequence

          # @param run [Run]
          # @param receiver [Stream]
          # @param thread [Hash, nil] the thread, where it was made for this run
          def initialize(run, receiver, thread: nil)
            @run = run
            @receiver = receiver
            @thread = thread
            @items = ItemEvents.new(run) { |event, data| emit(event, data) }
            @seen = []
            @last_sequence = -1
          end

          # @return [Boolean] is the run, or this part of it, over?
          def over?
            @over || false
          end

          # @param data [Object]
          # @param event [String, nil]
          def call(data, event)
            return if over? || !data.is_a?(Hash) || repeated?(data["sequence_number"])

            kind = data["type"].to_s.match?(KIND) ? data["type"] : event
            if OWN.key?(kind) then send(OWN[kind], data)
            elsif ITEMS.key?(kind) then @items.public_send(ITEMS[kind], data)
            end
          end

          # Hands on what a response that was looked up has, and its stream had not.
          #
          # @param response [Hash] one that has ended
          def settle(response)
            ended({ "response" => response })
          end

          private

          def emit(event, data)
            @receiver.call(data, event)
          end

          def repeated?(number)
            return false unless number.is_a?(Integer)
            return true if @seen.include?(number)

            @seen.shift if @seen.size == REMEMBERED
            @seen << number
            @last_sequence = number if number > @last_sequence
            false
          end

          # An event may hold a part of the response only, or be the response.
          def see(data)
            response = data["response"] || (data["status"] ? data.except("type", "sequence_number") : {})
            @response = { **@response.to_h, **response }
            shape = @run.see(@response)
            @items.see(@response, shape)
            shape
          end

          # The first event says so, whichever it is.
          def created(data)
            begun = !@response.nil?
            shape = see(data)
            return if begun

            queued = { **shape, "status" => "queued", "started_at" => nil, "completed_at" => nil, "usage" => nil }
            if @run.continued?
              @run.answered_steps.each { |step| emit("thread.run.step.completed", step) }
            else
              emit("thread.created", @thread) if @thread
              emit("thread.run.created", queued)
            end
            emit("thread.run.queued", queued)
          end

          def in_progress(data)
            created(data)
            emit("thread.run.in_progress", see(data))
          end

          def ended(data)
            created(data)
            shape = see(data)
            Array(@response["output"]).each_with_index do |item, index|
              @items.done({ "item" => item, "output_index" => index })
            end
            @items.cut
            @over = true
            emit("thread.run.#{shape["status"]}", shape)
          end

          def refused(data)
            @over = true
            error = data["error"]
            emit("error", error.is_a?(Hash) ? error : data.except("type", "sequence_number"))
          end
        end
      end
    end
  end
end
