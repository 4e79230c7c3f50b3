# frozen_string_literal: true

require "fileutils"
require "json"

module PromptTracker
  module Native
    class CLI
      # A definition file that is written.
      #
      # @api private
      class DefinitionFile
        # @return [String]
        attr_reader :path

        # @param folder [String]
        # @param id [String]
        # @raise [UsageError] where that can't be an id, and so no file's name
        def initialize(folder, id)
          unless id.b.match?(Definitions::ID)
            raise UsageError, "#{id[0, 60].inspect} can't be an assistant's id: letters, digits and ._~- are fine, " \
                              "a dot at the beginning is not"
          end

          @path = File.join(folder, "#{id}.json")
        end

        # @return [Boolean]
        def exist?
          File.exist?(path)
        end

        # @return [Boolean] whether it already says just this
        def says?(object)
          File.file?(path) && File.read(path, mode: "r:bom|utf-8") == text(object)
        end

        # @param object [Hash]
        # @param force [Boolean] false: a file that is there is left alone
        # @return [Boolean] whether it was written
        def write(object, force: false)
          FileUtils.mkdir_p(File.dirname(path))
          return replace(object) if force

          File.open(path, File::WRONLY | File::CREAT | File::EXCL) { |file| file.write(text(object)) }
          true
        rescue Errno::EEXIST
          raise if File.exist?(File.dirname(path)) && !File.directory?(File.dirname(path))

          false
        end

        private

        # Whole, or not at all.
        def replace(object)
          new = "#{path}.new"
          File.write(new, text(object))
          File.rename(new, path)
          true
        end

        def text(object)
          "#{JSON.pretty_generate(object)}\n"
        end
      end
    end
  end
end
