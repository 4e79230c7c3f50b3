# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # The quirks that change how an object looks, applied to every object on its way out: in a JSON answer, in a list
      # or in an event.
      # @private
      class Presenter
        OBJECT_QUIRKS = %i[text_as_string usage_null leftover_required_action run_missing_fields extra_fields].freeze
        KEPT_IN_RUNS = %w[id object thread_id status].freeze
        KEPT_IN_RESPONSES = %w[id object status output].freeze
        KEPT_WHEN_SET = %w[required_action last_error error incomplete_details].freeze
        LEFTOVER = {
          "type" => "submit_tool_outputs",
          "submit_tool_outputs" => {
            "tool_calls" => [{ "id" => "call_000000000000000000000000", "type" => "function",
                               "function" => { "name" => "lookup", "arguments" => "{}" } }]
          }
        }.freeze

        def initialize(quirks)
          @quirks = quirks
          @needed = quirks.any?(*OBJECT_QUIRKS)
        end

        # @param object [Hash] with string keys; not changed
        # @return [Hash]
        def call(object)
          return object unless @needed

          shown = case object["object"]
                  when "list" then object.merge("data" => object["data"].map { |item| call(item) })
                  when "response" then response(object)
                  when "thread.run" then run(object)
                  when "thread.message" then message(object)
                  when "thread.message.delta" then delta(object)
                  else other(object)
                  end
          @quirks.on?(:extra_fields) ? extended(shown) : shown
        end

        private

        def run(object)
          object = usage(object)
          if @quirks.on?(:leftover_required_action) && object["status"] == "completed"
            object = object.merge("required_action" => LEFTOVER)
          end
          return object unless @quirks.on?(:run_missing_fields)

          object.select { |key, value| KEPT_IN_RUNS.include?(key) || (KEPT_WHEN_SET.include?(key) && value) }
        end

        # Objects that say their type and not what object they are: the Responses API's events and items.
        def other(object)
          type = object["type"].to_s
          return usage(object) unless type.start_with?("response.") || type == "message"
          return item(object) if type == "message"

          object = object.merge("response" => call(object["response"])) if object["response"]
          object = object.merge("item" => item(object["item"])) if object["item"]
          object
        end

        def response(object)
          object = usage(object)
          object = object.merge("output" => object["output"].map { |one| item(one) }) if object["output"]
          return object unless @quirks.on?(:run_missing_fields)

          object.select { |key, value| KEPT_IN_RESPONSES.include?(key) || (KEPT_WHEN_SET.include?(key) && value) }
        end

        def item(object)
          return object unless @quirks.on?(:text_as_string) && object["type"] == "message"

          object.merge("content" => object["content"].filter_map { |part| part["text"] || part["refusal"] }.join)
        end

        def message(object)
          @quirks.on?(:text_as_string) ? object.merge("content" => flatten(object["content"])) : object
        end

        def delta(object)
          return object unless @quirks.option(:text_as_string, :deltas, false)

          object.merge("delta" => { "content" => flatten(object.dig("delta", "content")) })
        end

        def flatten(blocks)
          blocks.map do |block|
            block["text"].is_a?(Hash) ? block.merge("text" => block["text"]["value"]) : block
          end
        end

        def usage(object)
          @quirks.on?(:usage_null) && object.key?("usage") ? object.merge("usage" => nil) : object
        end

        def extended(object)
          object = object.merge("delta" => object["delta"].merge("logprobs" => [])) if object["delta"].is_a?(Hash)
          object.merge("obfuscation" => "aB3xY9", "x_region" => { "name" => "local", "shards" => [1, 2] })
        end
      end
    end
  end
end
