# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # Takes the events of a response's items, and hands them on as those of a run's steps and messages. Each method
        # takes the data of one kind of event.
        class ItemEvents
          # @param run [Run]
          # @yieldparam event [String]
          # @yieldparam data [Hash]
          def initialize(run, &emit)
            @run = run
            @emit = emit
            @response = @shape = {}
            @open = {}    # messages that are being written, by key
            @begun = {}   # blocks that have begun: [key, index] => true
            @calls = []   # function calls next to each other: of one step
            @done = {}    # items that are over: key => true
          end

          # Takes note of the response's state.
          #
          # @param response [Hash]
          # @param shape [Hash] the run
          def see(response, shape)
            @response = response
            @shape = shape
          end

          def added(data)
            item = data["item"].to_h
            case item["type"]
            when *Steps::MESSAGES then open_message(key(data), item)
            when "function_call" then open_call(key(data), item)
            end
          end

          def done(data)
            key = key(data)
            item = data["item"].to_h
            return if @done.key?(key)

            case item["type"]
            when *Steps::MESSAGES then close_message(key, item)
            when "function_call" then close_call(key, item)
            when *Steps::CALLS then whole_call(item)
            end
            @done[key] = true
          end

          def text(data)
            delta(data) do |first|
              text = { "value" => data["delta"] }
              { "type" => "text", "text" => first ? { **text, "annotations" => [] } : text }
            end
          end

          def refusal(data)
            delta(data) { { "type" => "refusal", "refusal" => data["delta"] } }
          end

          def annotation(data)
            annotation = { "index" => data["annotation_index"] || 0, **Shapes.annotation(data["annotation"].to_h) }
            delta(data) { { "type" => "text", "text" => { "annotations" => [annotation] } } }
          end

          def arguments(data)
            call = @calls.find { |one| one[:key] == key(data) }
            return if call.nil? || @done.key?(call[:key])

            call[:begun] = true
            call_delta(call, "function" => { "arguments" => data["delta"] })
          end

          # The end has come: what was being written stays as it is.
          def cut
            @open.each_value { |item| finish({ **item, "status" => "incomplete" }) }
            @open.clear
          end

          private

          def emit(event, data)
            @emit.call(event, data)
          end

          def steps
            Steps.new(@run, @response)
          end

          # The events of one item name it, or say at least where it stands.
          def key(data)
            data["item_id"] || data.dig("item", "id") || data["output_index"]
          end

          # ---- messages ----

          def shown(item, status)
            Shapes.message({ **item, "status" => status }, @run.thread_id, @run.fact(@response, @shape))
          end

          def open_message(key, item = {})
            return if @open.key?(key) || @done.key?(key)

            @calls = []
            item = { "id" => key.to_s, "type" => "message", "role" => "assistant", **item, "content" => [] }
            @open[key] = item
            step = steps.message(item, "in_progress")
            %w[created in_progress].each { |state| emit("thread.run.step.#{state}", step) }
            message = shown({ **item, "type" => "message" }, "in_progress")
            %w[created in_progress].each { |state| emit("thread.message.#{state}", message) }
          end

          def close_message(key, item)
            open_message(key, item)
            finish({ **@open.delete(key), **item })
          end

          # One that isn't whole has ended as the run did.
          def finish(item)
            whole = [nil, "completed"].include?(item["status"])
            status = whole ? "completed" : "incomplete"
            emit("thread.message.#{status}", shown(item, status))
            state = !whole && Steps::BAD_ENDS.include?(@shape["status"]) ? @shape["status"] : "completed"
            emit("thread.run.step.#{state}", steps.message(item, state))
          end

          # @yieldparam first [Boolean] is it the block's first?
          def delta(data)
            key = key(data)
            open_message(key)
            return unless @open.key?(key)

            index = data["content_index"] || 0
            first = !@begun.key?([key, index])
            @begun[[key, index]] = true
            emit("thread.message.delta", { "id" => @open[key]["id"], "object" => "thread.message.delta",
                                           "delta" => { "content" => [{ "index" => index, **yield(first) }] } })
          end

          # ---- calls ----

          def open_call(key, item)
            return if @done.key?(key) || @calls.any? { |call| call[:key] == key }

            @calls << { key: key, item: item }
            begin_step(steps.functions([item], "in_progress")) if @calls.size == 1
            function = { "name" => item["name"], "arguments" => "", "output" => nil }
            call_delta(@calls.last, "id" => item["call_id"], "function" => function)
          end

          def close_call(key, item)
            open_call(key, item)
            call = @calls.find { |one| one[:key] == key }
            call_delta(call, "function" => { "arguments" => item["arguments"] }) unless call[:begun]
          end

          def call_delta(call, fields)
            id = steps.functions([@calls.first[:item]], "in_progress")["id"]
            step_delta(id, { "index" => @calls.index(call), "type" => "function", **fields })
          end

          def whole_call(item)
            @calls = []
            step = steps.call(item)
            begin_step(step)
            step_delta(step["id"], { "index" => 0, **step.dig("step_details", "tool_calls", 0) })
            emit("thread.run.step.#{step["status"]}", step) unless step["status"] == "in_progress"
          end

          def begin_step(step)
            details = { "type" => "tool_calls", "tool_calls" => [] }
            begun = { **step, "status" => "in_progress", "completed_at" => nil, "step_details" => details }
            %w[created in_progress].each { |state| emit("thread.run.step.#{state}", begun) }
          end

          def step_delta(id, call)
            emit("thread.run.step.delta",
                 { "id" => id, "object" => "thread.run.step.delta",
                   "delta" => { "step_details" => { "type" => "tool_calls", "tool_calls" => [call] } } })
          end
        end
      end
    end
  end
end
