# frozen_string_literal: true

require_relative "../support/flows"
require_relative "support/table"

# docs/reliability.md says what is tried here.
RSpec.describe "docs/reliability.md" do
  document = File.read(File.expand_path("../../docs/reliability.md", __dir__))

  it "has a row for each fault of the table, with what is promised and how often it is tried" do
    section = document[/^## Faults on the way\n(.*?)(?=^## |\z)/m, 1]
    rows = section.scan(/^\| (.+) \|$/).flatten.map { |row| row.split(" | ") }.drop(1)
    expect(rows).to eq(Faults::TABLE.map(&:row))
  end

  it "names each file in which faults, interrupts, forks and exits are tried" do
    folder = File.expand_path("../..", __dir__)
    files = Dir.glob("spec/{faults,process}/*_spec.rb", base: folder) - ["spec/faults/document_spec.rb"]
    expect(files.reject { |file| document.include?(file) }).to eq([])
    expect(document.scan(%r{spec/\w+/\w+_spec\.rb}).reject { |file| File.file?(File.join(folder, file)) }).to eq([])
  end
end
