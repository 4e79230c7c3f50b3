# frozen_string_literal: true

require_relative "assistant_rows"
require_relative "version_rows"

module PromptTracker
  module Native
    module Definitions
      # The records of the PromptTracker engine, where it is there. A database that can't be reached, or has no such
      # table, is no error: another place may know the assistant, and {#looked} says what was wrong.
      #
      # @api private
      class EngineRecords
        # How long what was looked up counts.
        SECONDS = 5
        # How many ids are remembered.
        MOST = 10_000
        # The kinds of records, and what reads them, in the order in which they are asked.
        KINDS = [
          [%i[Openai Assistant], AssistantRows], [%i[AgentVersion], VersionRows], [%i[PromptVersion], VersionRows]
        ].freeze

        OUTERMOST = KINDS.map { |path, _| path.first }.freeze

        # The engine is there, but its database was never made ready for it.
        NoTable = Class.new(StandardError)

        private_constant :MOST, :KINDS, :OUTERMOST, :NoTable

        # @return [String, nil] what was wrong when the records were last read
        attr_reader :trouble

        # @param settings [Hash{Symbol => Object}] of the {Configuration}
        # @param reload [Boolean] whether each look-up asks the database
        def initialize(settings, reload:)
          @settings = settings
          @reload = reload
          @kept = {}
          @trouble = nil
        end

        # @return [Definition, nil]
        # @raise [DefinitionError]
        def find(id)
          return unless any?

          definition, good_until = @kept[id]
          return definition if good_until && !@reload && now < good_until

          trouble = nil
          found = each_kind do |rows, problem|
            problem ? (trouble = problem) && nil : rows.find(id)
          end
          definition = found ? define(*found) : (trouble && definition)
          @trouble = trouble
          keep(id, definition)
        end

        # @return [Array<Entry>]
        def all
          rows.map do |id, fields, source, created_at|
            Entry.new(id, source, define(id, fields, source, created_at))
          rescue DefinitionError => e
            Entry.new(id, source, nil, e)
          end
        end

        # All that the records tell, also where it is no definition that can be used.
        #
        # @return [Array<Array(String, Hash, String, Integer)>] id, fields, source, seconds since 1970
        def rows
          found = []
          @trouble = nil
          each_kind do |rows, trouble|
            trouble ? @trouble = trouble : found.concat(rows.all)
            nil
          end
          found.uniq(&:first)
        end

        # @return [Boolean] whether the engine is there
        def any?
          # Mostly nothing of it is, and each call asks.
          OUTERMOST.any? { |name| PromptTracker.const_defined?(name, false) } && KINDS.any? { |path, _| there?(path) }
        end

        # @return [String, nil] nil where the engine is not there
        def looked(_id)
          names = KINDS.filter_map { |path, _| constant_name(path) if there?(path) }
          return if names.empty?

          said = @trouble ? "which could not be read: #{@trouble}" : names.join(", ")
          "the engine's records (#{said})"
        end

        private

        # Yields the rows of each kind that is there until the block gives something, or nil and what went wrong.
        def each_kind
          KINDS.each do |path, reader|
            next unless there?(path)

            result = begin
              read(reader, path) { |rows| yield rows, nil }
            rescue *database_errors => e
              yield nil, described(path, e)
              nil
            end
            return result if result
          end
          nil
        end

        # What goes wrong with records. Anything else came into the call from elsewhere, by Thread#raise or a
        # Timeout.timeout, and must not be lost here.
        def database_errors
          active_record = ::ActiveRecord::ActiveRecordError if defined?(::ActiveRecord)
          [NoTable, NameError, LoadError, IOError, SystemCallError, *active_record]
        end

        # No connection is held afterwards, unless the thread already had one.
        def read(reader, path)
          model = path.reduce(PromptTracker) { |parent, name| parent.const_get(name, false) }
          model.connection_pool.with_connection do
            # Asked first, as a failing query would end a transaction that the thread may be in.
            raise NoTable, "there is no table #{model.table_name}" unless model.table_exists?

            yield reader.new(model)
          end
        end

        # Loads no record's class: only the module around it.
        def there?(path)
          around = PromptTracker
          path.each do |name|
            return false unless around.is_a?(Module) && around.const_defined?(name, false)

            around = around.const_get(name, false) unless name.equal?(path.last)
          end
          true
        rescue NameError, LoadError => e
          @trouble = described(path, e)
          false
        end

        def described(path, error)
          said = error.message.to_s.lines.first.to_s.strip[0, 200]
          "#{constant_name(path)}: #{said}#{" (#{error.class})" unless error.is_a?(NoTable)}"
        end

        def constant_name(path)
          ["PromptTracker", *path].join("::")
        end

        def define(id, fields, source, created_at)
          definition = Definition.new(id, fields, source: source, settings: @settings, created_at: created_at)
          Definitions.note(id, definition.warnings)
          definition
        end

        def keep(id, definition)
          @kept.clear if @kept.size >= MOST
          @kept[-id] = [definition, now + SECONDS].freeze
          definition
        end

        def now
          Process.clock_gettime(Process::CLOCK_MONOTONIC)
        end
      end
    end
  end
end
