# frozen_string_literal: true

module PromptTracker
  module Native
    class Railtie
      # Files of the host that define the modules which the gem's classes are in, such as `app/models/prompt_tracker.rb`
      # with its table_name_prefix. An autoloader passes over a file whose constant is there already, so they are loaded
      # from here: before anything else of the host, and again when they change.
      #
      # @api private
      module Namespaces
        @files = {}

        class << self
          # @param files [Array<String>]
          # @return [Array<String>] those that are to be loaded from here
          def take(files)
            taken = files.reject { |file| loaded?(file) }
            taken.each { |file| @files[file] = nil }
          end

          # @return [nil]
          def load
            @files.each do |file, before|
              now = File.file?(file) && File.mtime(file)
              next if !now || now == before

              @files[file] = now
              Kernel.load(file)
            end
            nil
          end

          private

          # As an engine's lib/prompt_tracker.rb is, by Bundler, though its folder is one to autoload from.
          def loaded?(file)
            $LOADED_FEATURES.include?(File.realpath(file)) || $LOADED_FEATURES.include?(file)
          end
        end
      end
    end
  end
end
