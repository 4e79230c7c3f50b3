# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # {Client::Assistants}, from their definitions.
        class Assistants
          def initialize(_client); end

          # @return [Hash] newest first; those whose definition can't be used are left out, with a warning
          def list
            defined, broken = Definitions.all.partition(&:definition)
            broken.each { |entry| Definitions.note(entry.id, ["left out of assistants.list: #{entry.error&.message}"]) }
            assistants = defined.map { |entry| entry.definition.to_h }
            Page.list(assistants.sort_by.with_index { |assistant, index| [-assistant["created_at"], index] })
          end

          # @return [Hash]
          # @raise [HTTPError] 404
          # @raise [DefinitionError] where the definition can't be used
          def retrieve(id)
            Query.id(:id, id)
            definition = Definitions.find(id)
            return definition.to_h if definition

            raise Classic.not_found("No assistant found with id '#{id}'. #{Definitions.places(id)}")
          end

          # @raise [UnsupportedError]
          def refuse(verb, id = nil)
            raise UnsupportedError, "assistants.#{verb} can't be served#{" for #{id}" if id}: assistants are defined " \
                                    "in this app (config.assistants, files in config.assistants_path, or the " \
                                    "engine's records), and are changed there"
          end
        end
      end
    end
  end
end
