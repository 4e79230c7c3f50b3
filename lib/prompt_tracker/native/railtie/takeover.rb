# frozen_string_literal: true

module PromptTracker
  module Native
    class Railtie
      # Puts the gem's services in the place of the host's: of both in its first generation, of
      # `LlmClients::OpenaiAssistantService` in the newer one.
      #
      # @api private
      module Takeover
        NAMESPACE = "PromptTracker"
        NEWER_NAMESPACE = "PromptTracker::LlmClients"
        BETWEEN = "prompt_tracker-native: the app's PromptTracker::OpenaiAssistantService takes user_message:, as it " \
                  "does only in PromptTracker engines between the first generation and the newer one, and stays as " \
                  "it is. Update the engine, or see docs/rails.md"

        private_constant :NAMESPACE, :NEWER_NAMESPACE, :BETWEEN

        class << self
          # @return [nil]
          # @raise [ConfigurationError] where a class of the host's is there already
          def run
            @files = HostFiles.new
            leave(Namespaces.take(@files.find(NAMESPACE)))
            classes = take_over
            Decorators.new(classes).watch(::Rails.autoloaders.main) if ::Rails.application.config.reloading_enabled?
          end

          private

          # @return [Array<Class>] the gem's, as the app sees them
          def take_over
            return keep_the_hosts unless Native.configuration.replace_services

            case @files.generation
            when :newer then replace_newer
            when :between then keep_the_hosts.tap { warn BETWEEN }
            else replace_first
            end
          end

          def keep_the_hosts
            Services.withdraw
            classes
          end

          def replace_first
            Services.define
            leave(@files.find(HostFiles::FIRST) + @files.find(HostFiles::CHAT))
            classes
          end

          def replace_newer
            Services.make_sure_of_room(PromptTracker.const_get(:LlmClients), :OpenaiAssistantService) if llm_clients?
            Services.withdraw
            leave(Namespaces.take(@files.find(NEWER_NAMESPACE)) + @files.find(HostFiles::NEWER))
            require_relative "../llm_clients"
            classes << LlmClients::OpenaiAssistantService
          end

          def llm_clients?
            PromptTracker.const_defined?(:LlmClients, false)
          end

          def classes
            Services::NAMES.map { |name| Services.const_get(name) }
          end

          # To the gem, or to {Namespaces}.
          def leave(files)
            ::Rails.autoloaders.each { |autoloader| autoloader.ignore(files) } unless files.empty?
          end
        end
      end
    end
  end
end
