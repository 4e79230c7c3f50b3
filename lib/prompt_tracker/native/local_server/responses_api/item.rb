# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # The Responses and Conversations APIs: what the endpoints of that name work with.
      # @private
      module ResponsesApi
        # An item: what a request brings in, what a response puts out, what a conversation holds.
        # @private
        class Item
          # What ids start with, by type; any other starts with "item".
          PREFIXES = {
            "message" => "msg", "function_call" => "fc", "function_call_output" => "fco", "reasoning" => "rs",
            "file_search_call" => "fs", "web_search_call" => "ws", "image_generation_call" => "ig",
            "code_interpreter_call" => "ci", "mcp_call" => "mcp", "custom_tool_call" => "ctc"
          }.freeze

          # @return [Object] the same, in no part shared
          def self.copy(value)
            case value
            when Hash then value.transform_values { |part| copy(part) }
            when Array then value.map { |part| copy(part) }
            when String then value.frozen? ? value : value.dup
            else value
            end
          end

          # @return [String] an id for an item of that type
          def self.new_id(ids, type) = ids.call(PREFIXES.fetch(type, "item"))

          # @param fields [Hash] with string keys, id and type among them
          def initialize(fields)
            @fields = fields
          end

          def id = @fields["id"]

          def type = @fields["type"]

          def [](name) = @fields[name]

          def []=(name, value)
            @fields[name] = value
          end

          # @return [String] all its words: of a message its parts, of a call its arguments, of an output what it says
          def text
            case type
            when "message" then words(@fields["content"])
            when "function_call" then "#{@fields["name"]}#{@fields["arguments"]}"
            when "function_call_output" then words(@fields["output"])
            else ""
            end
          end

          def to_h = Item.copy(@fields)

          private

          def words(content)
            return content if content.is_a?(String)

            Array(content).filter_map { |part| part["text"] || part["refusal"] }.join("\n\n")
          end
        end
      end
    end
  end
end
