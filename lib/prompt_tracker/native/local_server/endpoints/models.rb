# frozen_string_literal: true

require_relative "endpoint"

module PromptTracker
  module Native
    class LocalServer
      module Endpoints
        # /models
        # @private
        class Models < Endpoint
          NAMES = %w[gpt-4o gpt-4o-mini gpt-4.1 gpt-4.1-mini gpt-5 gpt-5-mini o3 o4-mini].freeze
          CREATED = 1_715_367_049

          # One model.
          Model = Struct.new(:id) do
            def to_h = { "id" => id, "object" => "model", "created" => CREATED, "owned_by" => "local" }
          end

          def list = Answer.new({ "object" => "list", "data" => NAMES.map { |name| Model.new(name).to_h } })

          def retrieve(id)
            raise ApiError.model_not_found(id) unless NAMES.include?(id)

            shown(Model.new(id))
          end
        end
      end
    end
  end
end
