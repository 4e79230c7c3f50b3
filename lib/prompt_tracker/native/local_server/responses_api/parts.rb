# frozen_string_literal: true

require_relative "../api_error"

module PromptTracker
  module Native
    class LocalServer
      module ResponsesApi
        # What parts of a request must have, where that goes by their type. They stand where {Rules} do.
        # @private
        module Parts
          # A tool, of which OpenAI knows more types than any list here would.
          module Tool
            NEEDED = {
              "function" => %w[name], "file_search" => %w[vector_store_ids], "code_interpreter" => %w[container],
              "mcp" => %w[server_label], "custom" => %w[name]
            }.freeze

            def self.check(tool, path)
              ["type", *NEEDED[tool["type"]]].each do |name|
                raise ApiError.missing_parameter(path + name) if tool[name].nil?
              end
            end
          end

          # The text.format.
          module Format
            TYPES = %w[text json_object json_schema].freeze
            NAME = /\A[a-zA-Z0-9_-]+\z/

            def self.check(format, path)
              type = format["type"]
              raise ApiError.missing_parameter("#{path}type") if type.nil?
              raise ApiError.invalid_value("#{path}type", type, TYPES) unless TYPES.include?(type)
              return unless type == "json_schema"

              %w[name schema].each { |name| raise ApiError.missing_parameter(path + name) if format[name].nil? }
              return if format["name"].to_s.match?(NAME)

              raise ApiError.new("Invalid '#{path}name': string does not match pattern. Expected a string that " \
                                 "matches the pattern '^[a-zA-Z0-9_-]+$'.", param: "#{path}name", code: "invalid_value")
            end
          end

          # A conversation that is given as an object.
          module Conversation
            def self.check(conversation, path)
              raise ApiError.missing_parameter("#{path}id") unless conversation["id"].is_a?(String)
            end
          end
        end
      end
    end
  end
end
