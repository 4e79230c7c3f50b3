# frozen_string_literal: true

require_relative "definition_file"

module PromptTracker
  module Native
    class CLI
      # `definitions new`: a template for an assistant whose definition is lost, or a new one.
      #
      # @api private
      class NewDefinition < Command
        USAGE = <<~TEXT
          ID [options]

          Writes a template for the definition of the assistant ID (asst_…), to be filled in by hand.
          A file that is already there is left as it is.

        TEXT
        ARGUMENTS = (1..1)

        private

        def define(parser)
          parser.on("--model NAME", "the model, such as gpt-4o") { |name| @model = name }
          parser.on("--name NAME", "the assistant's name") { |name| @name = name }
          parser.on("--instructions TEXT", "what the model is told") { |text| @instructions = text }
          parser.on("--path FOLDER", "where to write it (default: config.assistants_path)") { |path| @path = path }
        end

        def call(id)
          load_app unless @path
          file = DefinitionFile.new(folder, id)
          raise Failure, "#{shown(file.path)} is already there, and was left as it is" unless file.write(template(id))

          puts "wrote #{shown(file.path)}"
          puts "Now fill in #{missing}, then: prompt_tracker-native definitions check #{id}" if missing
          OK
        end

        def template(id)
          { "id" => id, "object" => "assistant", "name" => @name, "model" => @model || "",
            "instructions" => @instructions || "", "tools" => [], "tool_resources" => {}, "metadata" => {},
            "temperature" => 1.0, "top_p" => 1.0, "response_format" => "auto" }
        end

        def missing
          fields = { "model" => @model, "instructions" => @instructions }.select { |_, value| value.to_s.strip.empty? }
          fields.keys.join(" and ") unless fields.empty?
        end
      end
    end
  end
end
