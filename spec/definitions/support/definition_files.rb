# frozen_string_literal: true

require "fileutils"
require "json"
require "tmpdir"
require_relative "openapi"

# A folder of definition files for each example, and short ways to make definitions.
RSpec.shared_context "with definitions" do
  include OpenAPIExamples

  around do |example|
    Dir.mktmpdir("definitions") do |folder|
      @folder = File.realpath(folder)
      example.run
    end
  end

  before do
    settings.assistants_path = folder
    PromptTracker::Native::Definitions.reload!
  end

  attr_reader :folder

  def settings = PromptTracker::Native.configuration

  def definitions = PromptTracker::Native::Definitions

  def path(id) = File.join(folder, "#{id}.json")

  # @param content [Hash, String]
  def write(id, content)
    File.write(path(id), content.is_a?(String) ? content : JSON.generate(content))
  end

  # A definition made of these fields, as it would be read.
  def define(**fields)
    settings.assistants = { asst_1: { model: "gpt-4o", **fields } }
    @definition = definitions.find("asst_1")
  end

  # What it sends besides the model.
  def sent(**fields) = define(**fields).request.except(:model)

  def definition_error(message = nil)
    raise_error(PromptTracker::Native::DefinitionError, message)
  end
end
