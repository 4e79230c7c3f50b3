# frozen_string_literal: true

require "tmpdir"
require_relative "support"

# The README's first screen and its "Several turns", run as they stand there.
RSpec.describe "README.md", :server do
  include ResponsesAtServer

  readme = File.read(File.expand_path("../../README.md", __dir__), encoding: "UTF-8")
  blocks = lambda do |text, language|
    text.scan(/^```#{language}\n(.*?)^```$/m).flatten
  end

  first_screen = readme[/\A.*?(?=^In a clone)/m]
  turns = readme[/^\*\*Several turns\.\*\*.*?(?=^\*\*Broken streams)/m]
  said = first_screen.gsub(/\s+/, " ")

  around { |example| Dir.mktmpdir { |folder| Dir.chdir(folder) { example.run } } }

  # A relative folder counts from where definitions were first looked for.
  before { PromptTracker::Native::Definitions.reload! }

  def in_order(*texts) = /#{texts.map { |text| Regexp.escape(text) }.join(".*")}/m

  # Runs code of the README, and gives a variable's value.
  def run_block(code, variable)
    scope = Object.new.instance_eval { binding }
    scope.eval("# encoding: utf-8\n#{code}\n#{variable}")
  end

  define_method(:definition) { blocks.call(first_screen, "json").first }
  define_method(:code) { blocks.call(first_screen, "ruby").first }

  # As the README says: into the file that it names.
  define_method(:write_definition) do
    path = said[%r{`(config/assistants/asst_\w+\.json)`}, 1]
    FileUtils.mkdir_p(File.dirname(path))
    File.write(path, definition)
  end

  describe "the first screen" do
    it "is a definition of three fields and one call, within thirty lines" do
      story = first_screen.lines.take_while { |line| !line.start_with?("Why else") }
      expect(story.size).to be <= 30
      expect(blocks.call(first_screen, "json").size).to eq(1)
      expect(JSON.parse(definition).keys).to eq(%w[id model instructions])
    end

    it "promises what it has to, in this order" do
      expect(said).to match(in_order("calls work again, unchanged", "2026-08-26", "bundle add prompt_tracker-native",
                                     "Three fields are enough", "Definitions are found in", "can't carry over",
                                     "old threads", "citations", "try it without a key"))
    end

    it "works as it stands, after the shutdown" do
      server.quirk(:after_shutdown)
      server.answer("It is sunny in Berlin.")
      write_definition
      result = run_block(code, "result")
      expect(result).to include(text: "It is sunny in Berlin.", model: "asst_abc123")
      expect(request_lines).to eq(["POST /responses"])
      expect(run_requests.first.body).to include(JSON.parse(definition).except("id"))
    end

    it "shows the keys that the hash has" do
      write_definition
      result = run_block(code, "result")
      shown = code[/# => \{(.*)\}/, 1]
      outer = shown.gsub(/\{[^{}]*\}/, "")
      expect(outer.scan(/(\w+):/).flatten.map(&:to_sym)).to eq(result.keys)
      expect(shown[/usage: \{(.*?)\}/, 1].scan(/(\w+):/).flatten.map(&:to_sym)).to eq(result[:usage].keys)
    end

    it "says where definitions are found" do
      expect(said).to include("`config.assistants`", "`config/assistants/*.json`",
                              "the PromptTracker engine's own records")
      places = PromptTracker::Native::Definitions.places("asst_abc123")
      expect(places).to include("config.assistants (not set)", "config/assistants/asst_abc123.json")
      given = { "asst_abc123" => JSON.parse(definition) }
      PromptTracker::Native.configure { |c| c.assistants = given }
      expect(run_block(code, "result")[:raw]).to include(:response)
    end

    it "says truly that old threads don't carry over" do
      write_definition
      expect { ask(assistant_id: "asst_abc123", thread_id: "thread_abc123") }
        .to raise_error(PromptTracker::OpenaiAssistantService::AssistantError, /import_thread\(messages\)/)
    end

    it "names a program to try it with that is there" do
      program = said[%r{without a key: `(bin/\w+)}, 1]
      expect(File.executable?(File.expand_path("../../#{program}", __dir__))).to be(true)
    end
  end

  it "has several turns that work as they stand" do
    write_definition
    server.answer("Good to know.").answer("In Berlin.")
    code = blocks.call(turns, "ruby").first
    result = run_block(code.sub(/^(PromptTracker::)/, "second = \\1"), "[first, second]")
    expect(result.map { |one| one[:text] }).to eq(["Good to know.", "In Berlin."])
    expect(run_requests.last.body["previous_response_id"]).to eq(result.first[:raw][:run_id])
    expect(result.first[:raw][:thread_id]).to eq(result.first[:raw][:run_id])
  end
end
