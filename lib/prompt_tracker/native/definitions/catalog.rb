# frozen_string_literal: true

module PromptTracker
  module Native
    module Definitions
      # The places of one state of the settings, in their order.
      #
      # @api private
      class Catalog
        # Rails' environments in which files and records change under a running app.
        CHANGING = %w[development test].freeze
        private_constant :CHANGING

        # @param settings [Hash{Symbol => Object}] of the {Configuration}
        def initialize(settings)
          @settings = settings
          reload = settings.fetch(:reload_definitions)
          reload = changing? if reload.nil?
          assistants = settings.fetch(:assistants)
          @files = Files.new(settings, absolute(settings.fetch(:assistants_path)), reload: reload)
          @records = EngineRecords.new(settings, reload: reload)
          @first = assistants.respond_to?(:call) ? Computed.new(settings) : Given.new(settings)
          @places = [@first, @files, @records].freeze
        end

        # @return [String, nil]
        def folder
          @files.folder
        end

        # @return [String, nil]
        def trouble
          @records.trouble
        end

        # @return [Boolean] whether it is of just these settings
        def of?(settings)
          @settings.equal?(settings)
        end

        # @return [Definition, nil]
        # @raise [DefinitionError]
        def find(id)
          return unless id.is_a?(String)

          @first.find(id) || @files.find(id) || @records.find(id)
        end

        # @return [Array<Entry>]
        def all
          @places.flat_map(&:all).uniq(&:id)
        end

        # @return [String]
        def places(id)
          unless id.is_a?(String) && id.b.match?(ID)
            return "No definition can have this id: letters, digits and ._~- are fine, a dot at the beginning is not."
          end

          looked = @places.map { |place| place.looked(id) }.compact
          "Looked for its definition in #{looked[0..-2].join(", in ")}#{" and in " if looked.size > 1}#{looked.last}."
        end

        private

        def changing?
          environment = ::Rails.env if defined?(::Rails) && ::Rails.respond_to?(:env)
          environment.nil? || CHANGING.include?(environment.to_s)
        end

        def absolute(path)
          return if path.nil?

          root = ::Rails.root if defined?(::Rails) && ::Rails.respond_to?(:root)
          File.expand_path(path, root&.to_s || Dir.pwd)
        end
      end
    end
  end
end
