# frozen_string_literal: true

require_relative "../api_error"

module PromptTracker
  module Native
    class LocalServer
      module ResponsesApi
        # What a response is given to read: what was there, and what the request brings.
        # @private
        class Reading
          # @param history [Array<Item>]
          # @param input [Array<Item>]
          def initialize(history, input)
            @history = history
            @input = input
          end

          # No item may come twice, and of a function call and its output neither without the other.
          # @raise [ApiError] 400
          def check
            all = @history + @input
            twice = all.map(&:id).tally.find { |_, times| times > 1 }
            raise ApiError.duplicate_item(twice.first) if twice

            asked = call_ids(all, "function_call")
            answered = call_ids(all, "function_call_output")
            (open = (asked - answered).first) and raise ApiError.no_tool_output(open)
            (odd = (answered - asked).first) and raise ApiError.no_tool_call(odd)
          end

          # @return [Hash{String => String}] the outputs that the input ends with, by call id; empty where a message
          #   follows them, or there are none
          def outputs
            @input.reverse.take_while { |item| item.type == "function_call_output" }.reverse
                  .to_h { |item| [item["call_id"], item.text] }
          end

          private

          def call_ids(items, type) = items.select { |item| item.type == type }.map { |item| item["call_id"] }
        end
      end
    end
  end
end
