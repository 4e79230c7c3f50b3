# frozen_string_literal: true

module PromptTracker
  module Native
    class Doctor
      # Which API answers assistants, and from what.
      #
      # @api private
      module Assistants
        private

        def check_wire
          return intercepted_wire if Native.interceptor&.classic?

          case configuration.api
          when :assistants then assistants_wire("the setting api is :assistants")
          when :responses then responses_wire
          else chosen_wire
          end
        end

        def intercepted_wire
          fine("the Assistants API, by polling: WebMock is on and neither api nor flow is set")
        end

        def assistants_wire(reason)
          return fine("the Assistants API: #{reason}") unless Shutdown.hosts?(base_url)

          problem("the Assistants API: #{reason}; OpenAI shut it down on #{Shutdown::DATE}", to_define)
        end

        def responses_wire
          return fine("the Responses API: the setting api is :responses") if any_definition?

          problem("the Responses API: the setting api is :responses, but no definition is known", to_define)
        end

        # As each call goes by the definition of its assistant.
        def chosen_wire
          return one_wire if @assistant_id
          return fine("by assistant: the Responses API where a definition is known, else Assistants") if any_definition?
          return fine("the Assistants API: no definition is known") unless Shutdown.hosts?(base_url)

          warning("no definition is known, and OpenAI shut the Assistants API down on #{Shutdown::DATE}: " \
                  "only chat works", to_define)
        end

        def one_wire
          return fine("the Responses API: #{@assistant_id} has a definition") if usable?

          assistants_wire("no definition of #{@assistant_id} is known")
        end

        def usable?
          !Definitions.quietly { Definitions.find(@assistant_id) }.nil?
        rescue DefinitionError
          true # the next check says what is wrong with it
        end

        def any_definition?
          configuration.assistants.respond_to?(:call) || entries.any?
        end

        def to_define
          id = @assistant_id || "asst_…"
          "write a definition with `prompt_tracker-native definitions new #{id}`, or save the engine's records with " \
            "`prompt_tracker-native definitions export`"
        end

        def check_definitions
          bad = entries.select(&:error)
          return broken(bad) unless bad.empty?
          return problem("none of #{@assistant_id}. #{Definitions.places(@assistant_id)}", to_define) if lost?
          return warning("#{known}; the engine's records can't be read: #{Definitions.trouble}", "see what it says") \
            if Definitions.trouble

          warnings = entries.sum { |entry| entry.definition.warnings.size }
          return fine(known) if warnings.zero?

          warning("#{known}; #{warnings} of their fields can't be carried over",
                  "`prompt_tracker-native definitions check` names them")
        end

        def entries
          @entries ||= Definitions.quietly { Definitions.all }
        end

        def lost?
          @assistant_id && configuration.api != :assistants && Shutdown.hosts?(base_url) && !usable?
        end

        def known
          return "config.assistants is a callable: they can't be listed" if configuration.assistants.respond_to?(:call)
          return "none, neither in config.assistants nor in #{Definitions.folder || "files"}" if entries.empty?

          places = entries.group_by { |entry| place_of(entry) }.map { |place, list| "#{list.size} in #{place}" }
          "#{entries.size}: #{places.join(", ")}"
        end

        def place_of(entry)
          source = entry.source.to_s.sub(/\[.*\]\z/m, "")
          source.end_with?(".json") ? File.dirname(source) : source
        end

        def broken(bad)
          problem("#{bad.size} of #{entries.size} can't be used: #{bad.first.id}: #{bad.first.error.message}",
                  "`prompt_tracker-native definitions check` shows all")
        end
      end
    end
  end
end
