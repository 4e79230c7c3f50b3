# frozen_string_literal: true

require_relative "../support/contract_rows"

# Every row that runs on the flows says for which wires it is, and docs/contract.md lists those that are for one.
RSpec.describe ContractRows do
  document = File.read(File.expand_path("../../docs/contract.md", __dir__))

  # The first column of the table under a heading, and the second.
  def self.table(document, heading)
    section = document[/^## #{heading}\n(.*?)(?=^## |\z)/m, 1]
    section.scan(/^\| (.+?) \| (.+?) \|$/).reject { |row, _| row == "row" }
  end

  it "has rows for both wires" do
    expect(described_class.all.size).to be > 200
  end

  it "has one tag for each row" do
    expect(described_class.all.reject { |row| row.tags.one? }).to eq([])
  end

  { assistants_only: "Assistants only", responses_only: "Responses only" }.each do |tag, heading|
    listed = table(document, heading)

    it "has in docs/contract.md just the rows that are tagged #{tag}" do
      tagged = described_class.all.select { |row| row.tags == [tag] }.map(&:at).uniq
      expect(listed.map(&:first)).to match_array(tagged)
    end

    it "has there a reason for each that is tagged #{tag}" do
      expect(listed.map(&:last)).to all(match(/\S/))
    end
  end
end
