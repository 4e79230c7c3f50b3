# frozen_string_literal: true

require_relative "json_file"

module PromptTracker
  module Native
    module Definitions
      # The JSON files of {Configuration#assistants_path}: `asst_abc123.json` defines `asst_abc123`.
      #
      # @api private
      class Files
        # What was read, and the state of the file then. Without a definition: there was no file, until that moment.
        Kept = Struct.new(:path, :mark, :definition, :until)
        # How long it counts that there is no file.
        SECONDS = 5
        # How many ids are remembered.
        MOST = 10_000

        private_constant :Kept, :SECONDS, :MOST

        # @return [String, nil] the folder
        attr_reader :folder

        # @param settings [Hash{Symbol => Object}] of the {Configuration}
        # @param folder [String, nil] absolute
        # @param reload [Boolean] whether each look-up looks at the file
        def initialize(settings, folder, reload:)
          @settings = settings
          @folder = folder
          @reload = reload
          @kept = {}
        end

        # @return [Definition, nil]
        # @raise [DefinitionError]
        def find(id)
          kept = @kept[id]
          return read(id, kept) if kept.nil? || @reload
          return kept.definition if kept.definition || now < kept.until

          read(id, kept)
        end

        # @return [Array<Entry>]
        def all
          return [] unless @folder

          Dir.glob("*.json", base: @folder).sort.map { |name| entry(name) }
        end

        # @return [String, nil]
        def looked(id)
          return "config.assistants_path (not set)" unless @folder

          path = path(id)
          "#{path} (#{File.exist?(path) ? "was not there" : "no such file"})"
        end

        private

        def path(id)
          File.join(@folder, "#{id}.json") if @folder && id.b.match?(ID)
        end

        # Looks at the file, and reads it where it isn't what it was.
        def read(id, kept)
          path = kept ? kept.path : path(id)
          return unless path

          # Quicker than the exception that `mark` rescues, at each call for an assistant that has no file.
          return if @reload && kept && kept.mark.nil? && !File.exist?(path)

          mark = JSONFile.mark(path)
          return kept.definition if kept && mark && kept.mark == mark

          definition = define(id, path, mark) if mark
          @kept.clear if @kept.size >= MOST
          @kept[-id] = Kept.new(path, mark, definition, now + SECONDS).freeze
          definition
        end

        def define(id, path, mark)
          definition = Definition.new(id, JSONFile.read(path), source: path, settings: @settings,
                                                               created_at: mark.first.to_i)
          Definitions.note(id, definition.warnings)
          definition
        end

        def entry(name)
          id = name.delete_suffix(".json")
          source = File.join(@folder, name)
          raise DefinitionError.new("the name is no id of an assistant", source: source) unless id.b.match?(ID)

          Entry.new(id, source, find(id))
        rescue DefinitionError => e
          Entry.new(id, source, nil, e)
        end

        def now
          Process.clock_gettime(Process::CLOCK_MONOTONIC)
        end
      end
    end
  end
end
