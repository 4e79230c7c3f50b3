# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # `/models`: what the server can answer with. Each call gives the object that the server answers with, a Hash
      # with Strings as keys, and raises {Error} or one of its subclasses where that fails.
      #
      # A model's id may also hold `:`, `@` and `/`, as those of tuned models and of other vendors do.
      class Models
        # @param client [Client]
        def initialize(client:)
          @client = client
        end

        # @return [Hash] the list, with the models in `"data"`
        # @example
        #   client.models.list["data"].map { |model| model["id"] }
        def list
          @client.object(:get, "/models")
        end

        # @param id [String]
        # @return [Hash] the model
        # @raise [ArgumentError] where the id can't be one
        def retrieve(id:)
          @client.object(:get, "/models/#{Query.model(:id, id)}")
        end

        # Deletes a tuned model of one's own.
        #
        # @param id [String]
        # @return [Hash] empty where the server answers with nothing
        # @raise [ArgumentError] where the id can't be one
        def delete(id:)
          @client.object(:delete, "/models/#{Query.model(:id, id)}")
        end
      end
    end
  end
end
