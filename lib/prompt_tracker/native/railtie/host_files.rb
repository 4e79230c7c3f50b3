# frozen_string_literal: true

module PromptTracker
  module Native
    class Railtie
      # The files of the app and its engines, found as their autoloader would find them.
      #
      # @api private
      class HostFiles
        FIRST = "prompt_tracker/openai_assistant_service"
        CHAT = "prompt_tracker/llm_client_service"
        NEWER = "prompt_tracker/llm_clients/openai_assistant_service"
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

        # @param path [String] of a constant, without `.rb`
        # @return [Array<String>] the files that could define it
        def find(path)
          @roots.filter_map do |root, namespace|
            inside = within(namespace, path)
            file = inside && File.join(root, "#{inside}.rb")
            file if file && File.file?(file)
          end
        end

        private

        # @return [String, nil] the path below a root whose constants are in `namespace`
        def within(namespace, path)
          return path if namespace.equal?(Object)

          prefix = "#{namespace.name.to_s.underscore}/"
          path.delete_prefix(prefix) if path.start_with?(prefix)
        end
      end
    end
  end
end
