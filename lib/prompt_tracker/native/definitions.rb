# frozen_string_literal: true

require_relative "mapping"
require_relative "definitions/definition_error"
require_relative "definitions/definition"
require_relative "definitions/given"
require_relative "definitions/computed"
require_relative "definitions/files"
require_relative "definitions/engine_records"
require_relative "definitions/catalog"

module PromptTracker
  module Native
    # The definitions of assistants that are known here, from these places, the first that has one counts:
    #
    # 1. {Configuration#assistants}: a Hash, or a callable;
    # 2. JSON files in {Configuration#assistants_path};
    # 3. the PromptTracker engine's records, where the engine is there: `PromptTracker::Openai::Assistant`, or the
    #    newest `PromptTracker::AgentVersion` (`PromptVersion` in between) whose `model_config` names the assistant.
    #
    # A definition is kept once it is read. While {Configuration#reload_definitions} holds (in development), a file that
    # changed is read again and a record is looked up at each call. Else a file is read once, and records, and ids that
    # are known nowhere, are looked up again after {EngineRecords::SECONDS} seconds. A change of the settings, or
    # {.reload!}, forgets all. A record is looked up with a database connection that is given back at once.
    #
    # @example
    #   PromptTracker::Native::Definitions.find("asst_abc123")&.model # => "gpt-4o"
    module Definitions
      autoload :JSONMistake, "prompt_tracker/native/definitions/json_mistake"

      # What the id of a definition may be: nothing that could leave a folder.
      ID = /\A[A-Za-z0-9_~-][A-Za-z0-9._~-]*\z/

      # An assistant that a place names: its definition, or the error that its definition is.
      #
      # @!attribute [r] id
      #   @return [String]
      # @!attribute [r] source
      #   @return [String] the file or the place
      # @!attribute [r] definition
      #   @return [Definition, nil]
      # @!attribute [r] error
      #   @return [DefinitionError, nil]
      Entry = Struct.new(:id, :source, :definition, :error)

      # Of all that can be said only once, the most that is remembered.
      MOST_NOTES = 1000
      private_constant :MOST_NOTES

      @notes = {}
      @quiet = false

      class << self
        # @param assistant_id [String]
        # @return [Definition, nil] nil where no place knows the id
        # @raise [DefinitionError] where the definition can't be used
        # @example
        #   definition = PromptTracker::Native::Definitions.find("asst_abc123")
        def find(assistant_id)
          catalog.find(assistant_id)
        end

        # All definitions that can be listed: what a callable would give can't.
        #
        # @return [Array<Entry>] in the order of the places, each id once
        # @example
        #   PromptTracker::Native::Definitions.all.map(&:id) # => ["asst_abc123"]
        def all
          catalog.all
        end

        # Where a definition of the assistant was looked for, for people.
        #
        # @param assistant_id [String]
        # @return [String] a sentence
        # @example
        #   PromptTracker::Native::Definitions.places("asst_1")
        #   # => "Looked for its definition in config.assistants (not set) and in /app/config/assistants/asst_1.json (no
        #   #     such file)."
        def places(assistant_id)
          catalog.places(assistant_id)
        end

        # The folder of definition files.
        #
        # @api private
        # @return [String, nil] absolute; nil where the settings name none
        def folder
          catalog.folder
        end

        # What was wrong with the engine's records when they were last read.
        #
        # @api private
        # @return [String, nil]
        def trouble
          catalog.trouble
        end

        # Forgets what was read and what was said of it, so that all is read again.
        #
        # @return [nil]
        def reload!
          @notes = {}
          @catalog = nil
        end

        # Says each thing that was left out of a definition once.
        #
        # @api private
        # @param id [String]
        # @param warnings [Array<String>]
        def note(id, warnings)
          return if @quiet

          warnings.each do |warning|
            text = "#{id}: #{warning}"
            next if @notes.key?(text)

            @notes.clear if @notes.size >= MOST_NOTES
            @notes[text] = true
            Native.warning(text)
          end
        end

        # For those who show warnings themselves: within the block, {.note} says nothing.
        #
        # @api private
        def quietly
          @quiet = true
          yield
        ensure
          @quiet = false
        end

        private

        # One for each state of the settings. No lock is needed: two threads that make it at the same time make the
        # same, and one of them is kept.
        def catalog
          settings = Native.configuration.settings
          catalog = @catalog
          return catalog if catalog&.of?(settings)

          @catalog = Catalog.new(settings)
        end
      end
    end
  end
end
