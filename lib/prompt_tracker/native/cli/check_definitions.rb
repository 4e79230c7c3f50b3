# frozen_string_literal: true

require "json"

module PromptTracker
  module Native
    class CLI
      # `definitions check`: reads all definitions, and shows what each will send.
      #
      # @api private
      class CheckDefinitions < Command
        USAGE = <<~TEXT
          [ID …] [options]

          Checks the definitions of these assistants, or all: says where each comes from and what it will send with
          each request to the Responses API. Ends with status 1 where one can't be used.

        TEXT
        ARGUMENTS = (0..)
        # Of a long text, what is shown without --full.
        SHOWN = 160

        private

        def define(parser)
          parser.on("--full", "show long texts whole") { @full = true }
          parser.on("-q", "--quiet", "say nothing of definitions that are as they should be") { @quiet = true }
        end

        def call(*ids)
          load_app
          entries = Native::Definitions.quietly { ids.empty? ? Native::Definitions.all : ids.map { |id| entry(id) } }
          entries.each { |entry| show(entry) }
          remark(ids)
          sum_up(entries)
        end

        # A definition that is asked for by name must be there.
        def entry(id)
          definition = Native::Definitions.find(id)
          return Native::Definitions::Entry.new(id, definition.source, definition) if definition

          error = DefinitionError.new("not found. #{Native::Definitions.places(id)}")
          Native::Definitions::Entry.new(id, nil, nil, error)
        rescue DefinitionError => e
          Native::Definitions::Entry.new(id, e.source, nil, e)
        end

        def show(entry)
          warnings = entry.definition ? entry.definition.warnings : []
          return if @quiet && !entry.error && warnings.empty?

          puts [entry.id, entry.source && shown(entry.source)].compact.join("  ")
          puts "  error: #{said(entry)}" if entry.error
          warnings.each { |warning| puts "  warning: #{warning}" }
          puts sending(entry.definition) if entry.definition && !@quiet
          puts
        end

        # The source stands in the line above.
        def said(entry)
          entry.error.message.delete_prefix("#{entry.source}: ")
        end

        def sending(definition)
          json = JSON.pretty_generate(@full ? definition.request : shortened(definition.request))
          "  sends: #{json.gsub("\n", "\n  ")}"
        end

        def shortened(value)
          case value
          when Hash then value.transform_values { |inner| shortened(inner) }
          when Array then value.map { |inner| shortened(inner) }
          when String then value.size > SHOWN ? "#{value[0, SHOWN]}… (#{value.size} characters)" : value
          else value
          end
        end

        def remark(ids)
          trouble = Native::Definitions.trouble
          note "The engine's records could not be read: #{trouble}" if trouble
          return unless ids.empty? && Native.configuration.assistants.respond_to?(:call)

          note "config.assistants is a callable, so its definitions can't be listed: name the ids to check"
        end

        def sum_up(entries)
          bad = entries.count(&:error)
          puts entries.empty? ? none : "#{count(entries.size)}, #{bad} can't be used"
          bad.zero? ? OK : FAILED
        end

        def count(number)
          "#{number} definition#{"s" if number > 1}"
        end

        def none
          folder = Native::Definitions.folder
          "no definitions found, neither in config.assistants nor in #{folder ? shown(folder) : "files"} " \
            "nor in the engine's records"
        end
      end
    end
  end
end
