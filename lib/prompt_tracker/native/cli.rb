# frozen_string_literal: true

require "prompt_tracker/native"
require_relative "cli/command"

module PromptTracker
  module Native
    # The command line, `prompt_tracker-native`: finds the command that the first words name, and turns what goes wrong
    # into one line on the standard error and an exit status. Nothing of it is loaded by the gem itself.
    class CLI
      # Exit statuses.
      OK = 0
      FAILED = 1
      WRONG_USAGE = 2
      INTERRUPTED = 130

      autoload :Batch, "prompt_tracker/native/cli/batch"
      autoload :CheckDefinitions, "prompt_tracker/native/cli/check_definitions"
      autoload :Doctor, "prompt_tracker/native/cli/doctor"
      autoload :ExportDefinitions, "prompt_tracker/native/cli/export_definitions"
      autoload :NewDefinition, "prompt_tracker/native/cli/new_definition"

      # The words of each command, its class, and what it does in half a line.
      COMMANDS = {
        %w[batch] => [:Batch, "ask each prompt of a file, many at a time, and write the answers to another"],
        %w[doctor] => [:Doctor, "look for what could keep calls from working, and say what to do"],
        %w[definitions new] => [:NewDefinition, "write a template for an assistant's definition"],
        %w[definitions check] => [:CheckDefinitions, "check all definitions, and show what each will send"],
        %w[definitions export] => [:ExportDefinitions, "save the engine's records, or a server's assistants, as files"]
      }.freeze

      private_constant :COMMANDS

      class << self
        # @param arguments [Array<String>]
        # @param out [IO] what the command has to say
        # @param err [IO] what went wrong
        # @return [Integer] the exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted
        # @example
        #   PromptTracker::Native::CLI.start(%w[definitions check])
        def start(arguments, out: $stdout, err: $stderr)
          new(out, err).run(arguments.dup)
        end
      end

      # @param out [IO]
      # @param err [IO]
      def initialize(out, err)
        @out = out
        @err = err
      end

      # @param arguments [Array<String>]
      # @return [Integer] the exit status
      def run(arguments)
        words = COMMANDS.keys.find { |names| arguments.first(names.size) == names }
        return general(arguments) unless words

        command = CLI.const_get(COMMANDS.fetch(words).first).new(words.join(" "), @out, @err)
        command.run(arguments.drop(words.size))
      rescue Interrupt
        INTERRUPTED
      rescue Errno::EPIPE # the reader of our output has seen enough
        OK
      rescue UsageError, OptionParser::ParseError => e
        failed(e.message, WRONG_USAGE, "prompt_tracker-native #{words.join(" ")} --help tells how to use it")
      rescue Failure, Error, ArgumentError, SystemCallError => e
        failed(e.message, FAILED)
      end

      private

      # No command: help, the version, or what is known instead.
      def general(arguments)
        return wrong(arguments) if arguments.empty? || (arguments.size == 1 && known?(arguments.first))

        case arguments.first
        when "-h", "--help", "help" then say(help)
        when "-v", "--version" then say(VERSION)
        else
          return say(help(arguments)) if (arguments & %w[-h --help]).any? && known?(arguments.first)

          failed("unknown command: #{arguments.take_while { |word| !word.start_with?("-") }.join(" ")}", WRONG_USAGE,
                 help)
        end
      end

      def wrong(words)
        @err.puts help(words)
        WRONG_USAGE
      end

      def say(text)
        @out.puts text
        OK
      end

      def failed(message, status, more = nil)
        @err.puts "prompt_tracker-native: #{message.to_s.strip}"
        @err.puts more if more
        status
      end

      def known?(word)
        COMMANDS.keys.any? { |names| names.first == word }
      end

      def help(words = [])
        commands = COMMANDS.select { |names, _| words.empty? || names.first == words.first }
        width = commands.keys.map { |names| names.join(" ").size }.max
        <<~TEXT
          Usage: prompt_tracker-native COMMAND [options]

          #{commands.map { |names, (_, summary)| "  #{names.join(" ").ljust(width)}  #{summary}" }.join("\n")}

          prompt_tracker-native COMMAND --help tells more of each, prompt_tracker-native --version which version this is.
        TEXT
      end
    end
  end
end
