# frozen_string_literal: true

module PromptTracker
  module Native
    module Definitions
      # The callable that {Configuration#assistants} is. It is asked each time; while it gives an equal Hash, the
      # definition made of that is kept.
      #
      # @api private
      class Computed
        # How many definitions are kept.
        MOST = 1000
        private_constant :MOST

        # @param settings [Hash{Symbol => Object}] of the {Configuration}
        def initialize(settings)
          @settings = settings
          @callable = settings.fetch(:assistants)
          @made = {}
        end

        # @return [Definition, nil]
        # @raise [DefinitionError]
        def find(id)
          fields = @callable.call(id)
          return if fields.nil?

          unless fields.is_a?(Hash)
            raise DefinitionError.new("must give a Hash or nil, not #{fields.class}", source: source(id))
          end

          last, definition = @made[id]
          fields == last ? definition : made(id, fields)
        end

        # @return [Array<Entry>] none: what it knows can't be listed
        def all
          []
        end

        # @return [String]
        def looked(_id)
          "config.assistants (which gave nil)"
        end

        private

        def made(id, fields)
          definition = Definition.new(id, fields, source: source(id), settings: @settings)
          Definitions.note(id, definition.warnings)
          @made.clear if @made.size >= MOST
          @made[definition.id] = [copy(fields), definition].freeze
          definition
        end

        # What can't be copied can't be compared later, and is not equal to anything.
        def copy(fields)
          Marshal.load(Marshal.dump(fields))
        rescue TypeError
          nil
        end

        def source(id)
          "config.assistants.call(#{id.inspect})"
        end
      end
    end
  end
end
