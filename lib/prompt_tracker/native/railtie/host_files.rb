# frozen_string_literal: true

module PromptTracker
  module Native
    class Railtie
      # The files of the app and its engines, found as their autoloader would find them.
      #
      # @api private
      class HostFiles
        FIRST = "PromptTracker::OpenaiAssistantService"
        CHAT = "PromptTracker::LlmClientService"
        NEWER = "PromptTracker::LlmClients::OpenaiAssistantService"
        # How the service is called in the engines between the two, from the same file as in the first.
        BETWEEN = /def\s+self\.call\([^)]*\buser_message:/

        private_constant :BETWEEN

        # @param roots [Hash{String => Module}] folders to autoload from, and what their constants are in
        def initialize(roots = HostFiles.roots)
          @roots = roots
        end

        # @return [Hash{String => Module}]
        def self.roots
          given = ActiveSupport::Dependencies.autoload_paths.to_h { |path| [path.to_s, Object] }
          given.merge(::Rails.autoloaders.main.dirs(namespaces: true))
        end

        # Which generation of the engine's services the host has.
        #
        # @return [Symbol] `:first`, also where the host has none; `:newer`; `:between`, whose calls are neither's
        def generation
          return :newer if find(NEWER).any?

          find(FIRST).any? { |file| File.read(file, encoding: "UTF-8").scrub.match?(BETWEEN) } ? :between : :first
        end

        # @param name [String] of a constant
        # @return [Array<String>] the files that are to define it
        def find(name)
          @roots.filter_map do |root, namespace|
            inside = within(namespace, name)
            file = inside && File.join(root, "#{inside.underscore}.rb")
            file if file && File.file?(file) && defines?(file, inside)
          end
        end

        private

        # @return [String, nil] the constant's name within the namespace that a root's constants are in
        def within(namespace, name)
          return name if namespace.equal?(Object)

          name.delete_prefix("#{namespace.name}::") if name.start_with?("#{namespace.name}::")
        end

        # Where the app has acronyms, `llm_client_service.rb` may be to define an LLMClientService.
        def defines?(file, name)
          ::Rails.autoloaders.main.inflector.camelize(File.basename(file, ".rb"), file) == name.demodulize
        end
      end
    end
  end
end
