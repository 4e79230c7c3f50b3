# frozen_string_literal: true

require "prompt_tracker/native/cli"
require "rbconfig"
require "tmpdir"
require_relative "../definitions/support/command_line"

# The command `batch`, in this process or in one of its own, in a folder of its own.
module BatchCommand
  include CommandLine

  EXE = File.expand_path("../../exe/prompt_tracker-native", __dir__)
  LIB = File.expand_path("../../lib", __dir__)

  def file(name) = File.join(@folder, name)

  # @param lines [Array<Object>] each as JSON, or a String that begins with "=" as it is
  def prompts(*lines, name: "prompts.jsonl")
    text = lines.map { |line| line.is_a?(String) && line.start_with?("=") ? line[1..] : JSON.generate(line) }
    File.write(file(name), "#{text.join("\n")}\n")
  end

  def batch(*more, from: "prompts.jsonl", assistant: ["--assistant", "asst_1"])
    run("batch", file(from), "--out", file("results.jsonl"), "--no-app", *assistant, *more)
  end

  def results(name = "results.jsonl")
    File.readlines(file(name)).map { |line| JSON.parse(line) }
  end

  # What the server was asked, prompt by prompt.
  def asked
    sent = requests.map { |request| request.body.is_a?(Hash) ? request.body : {} }
    sent.flat_map { |body| body.dig("thread", "messages") || [] }.map { |message| message["content"] }
  end

  # A batch in a process of its own, which leads its process group.
  def start_batch(*more)
    command = [RbConfig.ruby, "--disable-gems", "-I", LIB, EXE, "batch", file("prompts.jsonl"), "--no-app", "--out",
               file("results.jsonl"), "--assistant", "asst_1", *more]
    Process.spawn({ "RUBYOPT" => nil, "RUBYLIB" => nil }, *command, out: file("out.txt"), err: file("err.txt"))
  end

  def wait_for(pid)
    Process.wait2(pid).last
  end
end

RSpec.configure do |config|
  config.include BatchCommand, :batch
  config.around(:each, :batch) do |example|
    Dir.mktmpdir do |folder|
      @folder = folder
      example.run
    end
  end
end
