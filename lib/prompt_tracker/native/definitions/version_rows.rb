# frozen_string_literal: true

module PromptTracker
  module Native
    module Definitions
      # The engine's newer generations: versions of an agent, or of a prompt, whose `model_config` names the assistant
      # that they were pushed to or pulled from. The newest one that has a model counts; one that was archived counts
      # only where no other is left.
      #
      # @api private
      class VersionRows
        # @param value [Hash, String, nil] a JSON column
        # @return [Hash{String => Object}]
        def self.hash(value)
          value = JSON.parse(value) if value.is_a?(String) && !value.strip.empty?
          value.is_a?(Hash) ? Configuration::Check.plain(value) : {}
        end

        # @param model [Class] the record's class
        def initialize(model)
          @model = model
        end

        # @param id [String] the assistant's id
        # @return [Array(String, Hash, String, Integer), nil] id, fields, source, seconds since 1970
        def find(id)
          rows = rows_with(id).select { |row| named(row) == id }
          definition(id, newest(rows))
        end

        # @return [Array<Array>] as {#find}
        def all
          rows_with("assistant_id").group_by { |row| named(row) }.sort_by { |id, _| id.to_s }.filter_map do |id, rows|
            definition(id, newest(rows)) if id
          end
        end

        private

        # All rows whose JSON holds the text, as every database can look for it; the exact look is the caller's.
        def rows_with(text)
          return [] unless @model.column_names.include?("model_config")

          type = adapter.match?(/mysql|trilogy/i) ? "CHAR" : "TEXT"
          pattern = "%#{@model.sanitize_sql_like(text, "!")}%"
          @model.where("CAST(model_config AS #{type}) LIKE ? ESCAPE '!'", pattern).to_a
        end

        def adapter
          @model.connection_pool.with_connection { |connection| connection.adapter_name.to_s }
        end

        def named(row)
          config = VersionRows.hash(row.model_config)
          id = config["assistant_id"] || VersionRows.hash(config["metadata"])["assistant_id"]
          id if id.is_a?(String) && id.b.match?(ID) && !config["model"].to_s.strip.empty?
        end

        def newest(rows)
          rows.max_by do |row|
            archived = row.respond_to?(:archived_at) && row.archived_at
            [archived ? 0 : 1, row.created_at.to_f, row.id]
          end
        end

        def definition(id, row)
          return unless row

          config = VersionRows.hash(row.model_config)
          tools = VersionRows.hash(config["tool_config"])
          fields = config.slice("model", "temperature", "top_p", "reasoning_effort", "response_format").merge(
            "name" => name(row), "description" => row.notes, "instructions" => row.system_prompt,
            "tools" => tools(config["tools"], tools), "tool_resources" => resources(tools)
          )
          [id, fields, "#{@model.name} #{row.id}", row.created_at.to_i]
        end

        def name(row)
          owner = %i[agent prompt].find { |association| row.respond_to?(association) }
          row.public_send(owner)&.name if owner
        end

        # Tools are names there; what a function is stands apart from them.
        def tools(names, config)
          Array(names).flat_map do |tool|
            next tool if tool.is_a?(Hash)
            next { "type" => tool } unless tool == "functions"

            Array(config["functions"]).map do |function|
              { "type" => "function", "function" => function.slice("name", "description", "parameters", "strict") }
            end
          end
        end

        def resources(config)
          { "file_search" => "vector_store_ids", "code_interpreter" => "file_ids" }.filter_map do |kind, ids|
            [kind, config[kind].slice(ids)] if config[kind].is_a?(Hash)
          end.to_h
        end
      end
    end
  end
end
