# frozen_string_literal: true

require_relative "../api_error"
require_relative "item"

module PromptTracker
  module Native
    class LocalServer
      module ResponsesApi
        # Reads the items that a request brings, and makes of them what OpenAI keeps.
        # @private
        class Input
          ROLES = %w[user assistant system developer].freeze
          PARTS = %w[input_text input_image input_file].freeze
          SAID = %w[output_text refusal].freeze
          NEEDED = {
            "function_call" => %w[call_id name arguments], "function_call_output" => %w[call_id output],
            "item_reference" => %w[id]
          }.freeze
          TYPES = %w[
            message function_call function_call_output item_reference reasoning file_search_call web_search_call
            image_generation_call code_interpreter_call computer_call computer_call_output local_shell_call
            local_shell_call_output mcp_list_tools mcp_approval_request mcp_approval_response mcp_call custom_tool_call
            custom_tool_call_output compaction
          ].freeze

          # @param given [String, Array<Hash>, nil]
          # @param name [String] the parameter that they came in
          def initialize(given, context, name: "input")
            @given = given
            @ids = context.ids
            @store = context.store
            @name = name
          end

          # @return [Array<Item>]
          # @raise [ApiError]
          def items
            return [message({ "role" => "user", "content" => @given }, @name)] if @given.is_a?(String)

            (@given || []).each_with_index.map { |fields, index| item(fields, "#{@name}[#{index}]") }
          end

          private

          def item(fields, path)
            type = fields["type"] || (fields.key?("role") || !fields.key?("id") ? "message" : "item_reference")
            raise ApiError.invalid_value(path, type, TYPES) unless TYPES.include?(type)

            (NEEDED[type] || []).each { |name| need(fields, name, path) }
            case type
            when "message" then message(fields, path)
            when "item_reference" then @store.item(fields["id"])
            else Item.new({ "id" => id(fields, type), "status" => "completed" }.merge(fields.compact, "type" => type))
            end
          end

          def message(fields, path)
            role = need(fields, "role", path)
            raise ApiError.invalid_value("#{path}.role", role, ROLES) unless ROLES.include?(role)

            parts = parts(need(fields, "content", path), role, "#{path}.content")
            Item.new({ "id" => id(fields, "message"), "type" => "message", "status" => "completed", "role" => role,
                       "content" => parts })
          end

          def parts(content, role, path)
            said = role == "assistant"
            content = [{ "type" => said ? "output_text" : "input_text", "text" => content }] if content.is_a?(String)
            raise ApiError.invalid_type(path, "a string or an array", content) unless content.is_a?(Array)

            content.each_with_index.map do |part, index|
              part(part, said ? SAID : PARTS, "#{path}[#{index}]")
            end
          end

          def part(part, allowed, path)
            raise ApiError.invalid_type(path, "an object", part) unless part.is_a?(Hash)
            raise ApiError.invalid_value(path, part["type"], allowed) unless allowed.include?(part["type"])

            case part["type"]
            when "input_text" then need(part, "text", path) && part
            when "input_image" then { "detail" => "auto" }.merge(part)
            when "output_text" then { "annotations" => [], "logprobs" => [] }.merge(part)
            else part
            end
          end

          def need(fields, name, path)
            raise ApiError.missing_parameter("#{path}.#{name}") if fields[name].nil?

            fields[name]
          end

          def id(fields, type) = fields["id"] || Item.new_id(@ids, type)
        end
      end
    end
  end
end
