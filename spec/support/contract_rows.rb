# frozen_string_literal: true

require "json"
require "open3"
require "rbconfig"

# The rows of the shared contract suite, with the wires that they are for: read from the specs themselves, which a
# process of its own loads and does not run.
module ContractRows
  TAGS = %i[common assistants_only responses_only].freeze
  FOLDER = File.expand_path("../contract", __dir__)

  # name: descriptions from below the flow's group, joined; tags: the row's own or its groups'; at: what carries them
  Row = Struct.new(:name, :tags, :at, keyword_init: true)

  module_function

  # @return [Array<Row>] each once, whatever the number of flows
  def all
    @all ||= begin
      code = "require \"rspec/core\"; require #{__FILE__.dump}; ContractRows.print_loaded"
      loads = $LOAD_PATH.flat_map { |folder| ["-I", folder] }
      out, status = Open3.capture2(RbConfig.ruby, *loads, "-e", code)
      raise "the contract's specs can't be loaded" unless status.success?

      JSON.parse(out.lines.last).map { |name, tags, at| Row.new(name: name, tags: tags.map(&:to_sym), at: at) }
    end
  end

  # Loads the specs and prints their rows as JSON.
  def print_loaded
    options = RSpec::Core::ConfigurationOptions.new([FOLDER, "--require", "spec_helper"])
    RSpec::Core::Runner.new(options).setup($stderr, $stderr)
    puts JSON.generate(RSpec.world.example_groups.flat_map { |group| rows(group, []) }.uniq)
  end

  # @param topic [String] what the file is about, for rows that are tagged all at once
  def rows(group, path, topic = group.description.delete_prefix("PromptTracker::OpenaiAssistantService "))
    path = flow?(group) ? [] : [*path, group]
    all = flow?(group) ? TAGS.select { |tag| group.metadata[tag] } : []
    own = group.examples.filter_map { |example| row(example, path) if example.metadata.key?(:wire) }
    own += group.children.flat_map { |child| rows(child, path, topic) }
    all.empty? ? own : own.map { |name, tags, _| [name, tags, topic] }
  end

  # The group of one flow, by which a row is not named.
  def flow?(group) = group.metadata.key?(:wire) && !group.metadata[:parent_example_group]&.key?(:wire)

  def row(example, path)
    levels = [*path, example].reject { |level| level.description.start_with?("behaves like") }
    names = levels.map(&:description)
    tags = TAGS.select { |tag| example.metadata[tag] }
    first = levels.index { |level| tags.any? { |tag| level.metadata[tag] } }
    [names.join(" › "), tags, first && names[0..first].join(" › ")]
  end
end
