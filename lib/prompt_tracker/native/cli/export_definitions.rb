# frozen_string_literal: true

require_relative "definition_file"
require_relative "remote_assistants"

module PromptTracker
  module Native
    class CLI
      # `definitions export`: the engine's records, or a server's assistants, as definition files.
      #
      # @api private
      class ExportDefinitions < Command
        USAGE = <<~TEXT
          [ID …] [options]

          Saves the definitions of these assistants, or all, as files: the PromptTracker engine's records or, with
          --from, the assistants of a server that still has them. Says what of each can't be carried over to the
          Responses API. Ends with status 1 where one could not be saved, or can't be used as it is.

        TEXT
        ARGUMENTS = (0..)

        private

        def define(parser)
          parser.on("--from URL", "a server's base URL, with its /v1") { |url| @from = url }
          parser.on("--key-env NAME", "the environment variable with that server's API key (default: none is sent;",
                    "OPENAI_API_KEY for OpenAI itself)") { |name| @key_env = name }
          parser.on("--path FOLDER", "where to save them (default: config.assistants_path)") { |path| @path = path }
          parser.on("--force", "replace files that say something else") { @force = true }
        end

        def call(*ids)
          raise UsageError, "--key-env needs --from" if @key_env && !@from

          load_app unless @from && @path
          found = wanted(@from ? remote : records, ids)
          lines = found.map { |id, fields, _, created_at| save(id, fields, created_at) }
          puts "#{lines.size} found, #{lines.count(&:first)} saved in #{shown(folder)}"
          lines.all?(&:last) ? OK : FAILED
        end

        def remote
          RemoteAssistants.new(@from, @key_env).to_a.map do |assistant|
            [assistant["id"], assistant, @from, assistant["created_at"]]
          end
        end

        def records
          engine = Native::Definitions::EngineRecords.new(Native.configuration.settings, reload: true)
          unless engine.any?
            raise Failure, "the PromptTracker engine is not here: run this in the app's folder (where " \
                           "#{ENVIRONMENT} is), or save a server's assistants with --from URL"
          end

          rows = engine.rows
          raise Failure, "the engine's records can't be read: #{engine.trouble}" if rows.empty? && engine.trouble

          note "Some of the engine's records could not be read: #{engine.trouble}" if engine.trouble
          rows
        end

        def wanted(found, ids)
          missing = ids - found.map(&:first)
          raise Failure, "not found: #{missing.join(", ")}" unless missing.empty?

          ids.empty? ? found : found.select { |id, *| ids.include?(id) }
        end

        # Whether it is saved, and whether all is well.
        def save(id, fields, created_at)
          file = DefinitionFile.new(folder, id)
          known = fields.select { |name, _| Mapping::Fields::ASSISTANT.key?(name) }
          object = { "id" => id, "object" => "assistant", "created_at" => created_at, **known }
          object.delete("created_at") if object["created_at"].nil?
          saved = written(file, object)
          usable = saved && remarks(id, object, fields.keys - known.keys, file)
          [saved, usable]
        rescue UsageError => e # what a server calls an id needs not be one
          puts "not saved: #{e.message}"
          [false, false]
        end

        def written(file, object)
          if file.exist? && file.says?(object)
            puts "unchanged  #{shown(file.path)}"
          elsif file.write(object, force: @force)
            puts "saved      #{shown(file.path)}"
          else
            puts "not saved  #{shown(file.path)} is there and says something else (--force replaces it)"
            return false
          end
          true
        end

        # Says what will not be sent; whether it can be used as it is.
        def remarks(id, object, unknown, file)
          puts "  left out: #{unknown.join(", ")} (not of an assistant)" unless unknown.empty?
          definition = Definition.new(id, object, source: file.path)
          definition.warnings.each { |warning| puts "  will not map: #{warning}" }
          true
        rescue DefinitionError => e
          puts "  will not map: #{e.message.delete_prefix("#{file.path}: ")}"
          false
        end
      end
    end
  end
end
