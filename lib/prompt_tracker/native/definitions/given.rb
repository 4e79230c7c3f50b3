# frozen_string_literal: true

module PromptTracker
  module Native
    module Definitions
      # The Hash that {Configuration#assistants} is.
      #
      # @api private
      class Given
        # @param settings [Hash{Symbol => Object}] of the {Configuration}
        def initialize(settings)
          @settings = settings
          @fields = settings.fetch(:assistants) || {}
          @made = {}
        end

        # @return [Definition, nil]
        # @raise [DefinitionError]
        def find(id)
          @made[id] || (@fields.key?(id) ? made(id) : nil)
        end

        # @return [Array<Entry>]
        def all
          @fields.keys.map do |id|
            Entry.new(id, source(id), find(id))
          rescue DefinitionError => e
            Entry.new(id, source(id), nil, e)
          end
        end

        # @return [String]
        def looked(_id)
          "config.assistants (#{@settings.fetch(:assistants).nil? ? "not set" : "not there"})"
        end

        private

        def made(id)
          definition = Definition.new(id, @fields.fetch(id), source: source(id), settings: @settings)
          Definitions.note(id, definition.warnings)
          @made[definition.id] = definition
        end

        def source(id)
          "config.assistants[#{id.inspect}]"
        end
      end
    end
  end
end
