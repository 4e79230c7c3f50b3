# frozen_string_literal: true

require "stringio"

# Runs commands in this process.
module CommandLine
  # @return [Integer] the exit status
  def run(*arguments)
    @out = StringIO.new
    @err = StringIO.new
    PromptTracker::Native::CLI.start(arguments, out: @out, err: @err)
  end

  # What it said.
  def out = @out.string

  # What it said went wrong.
  def err = @err.string

  def read(id) = JSON.parse(File.read(path(id)))
end
