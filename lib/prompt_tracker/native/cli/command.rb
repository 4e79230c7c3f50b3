# frozen_string_literal: true

require "optparse"

module PromptTracker
  module Native
    class CLI
      # The command can't do what it was asked; the message says why.
      class Failure < StandardError
      end

      # The arguments can't be used.
      class UsageError < StandardError
      end

      # What commands share: options, help and the app that they belong to. A command has a USAGE, may add options in
      # {#define}, and does its work in {#call}, which returns an exit status.
      #
      # @api private
      class Command
        # What a Rails app is loaded with.
        ENVIRONMENT = "config/environment.rb"

        # @param words [String] as it was called: "definitions new"
        # @param out [IO]
        # @param err [IO]
        def initialize(words, out, err)
          @words = words
          @out = out
          @err = err
          @files = []
          @app = true
        end

        # @param arguments [Array<String>] after the command's words
        # @return [Integer] the exit status
        def run(arguments)
          rest = parser.parse(arguments)
          return OK if @helped

          call(*checked(rest))
        end

        private

        def parser
          OptionParser.new do |parser|
            parser.banner = "Usage: prompt_tracker-native #{@words} #{self.class::USAGE}"
            define(parser)
            parser.on("-r", "--require FILE", "load this file first (may be given again)") { |file| @files << file }
            parser.on("--[no-]app", "load this folder's Rails app, #{ENVIRONMENT} (default: where it is)") do |yes|
              @app = yes
            end
            parser.on("-h", "--help", "show this") do
              @out.puts parser.help
              @helped = true
            end
          end
        end

        # Adds the command's own options.
        def define(parser); end

        # How many arguments the command takes.
        def checked(rest)
          range = self.class::ARGUMENTS
          return rest if range.cover?(rest.size)

          raise UsageError, rest.size < range.min ? "an argument is missing" : "too many arguments: #{rest.join(" ")}"
        end

        # Loads what says how assistants are defined here.
        def load_app
          files = @files.dup
          files.unshift(ENVIRONMENT) if @app && File.file?(ENVIRONMENT)
          files.each { |file| load_file(file) }
        end

        def load_file(file)
          path = File.expand_path(file)
          require(File.exist?(path) ? path : file)
        rescue StandardError, ScriptError => e
          raise Failure, "#{file} can't be loaded: #{e.message.to_s.lines.first.to_s.strip} (#{e.class}). " \
                         "Try bundle exec, or --no-app to do without the app"
        end

        # The folder of definition files: what `--path` says, else the settings.
        def folder
          return File.expand_path(@path) if @path

          Native::Definitions.folder or raise Failure, "config.assistants_path is nil: say where with --path FOLDER"
        end

        # A path as people want to read it.
        def shown(path)
          here = "#{Dir.pwd}/"
          path.start_with?(here) ? path.delete_prefix(here) : path
        end

        def puts(text = "")
          @out.puts text
        end

        def note(text)
          @err.puts text
        end
      end
    end
  end
end
