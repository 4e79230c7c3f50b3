# frozen_string_literal: true

module PromptTracker
  module Native
    module Definitions
      # The engine's first generation: a row of `PromptTracker::Openai::Assistant` for each assistant, with what OpenAI
      # once said of it in `metadata`. A row without a model was never filled in, and counts as absent.
      #
      # @api private
      class AssistantRows
        # What `metadata` may tell of the assistant. The rest there is the engine's own.
        TOLD = (Mapping::Fields::ASSISTANT.keys - %w[id object created_at name description metadata]).freeze
        private_constant :TOLD

        # @param model [Class] the record's class
        def initialize(model)
          @model = model
        end

        # @param id [String] the assistant's id
        # @return [Array(String, Hash, String, Integer), nil] id, fields, source, seconds since 1970
        def find(id)
          row = @model.find_by(assistant_id: id)
          definition(row) if row
        end

        # @return [Array<Array>] as {#find}
        def all
          @model.order(:id).to_a.filter_map { |row| definition(row) }
        end

        private

        def definition(row)
          told = VersionRows.hash(row.metadata).slice(*TOLD)
          return if told["model"].to_s.strip.empty?

          fields = { **told, "name" => row.name, "description" => row.description }
          [row.assistant_id, fields, "#{@model.name} #{row.id}", row.created_at.to_i]
        end
      end
    end
  end
end
