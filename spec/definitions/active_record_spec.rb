# frozen_string_literal: true

require "open3"
require "rbconfig"
require "tmpdir"

RSpec.describe PromptTracker::Native::Definitions, "with ActiveRecord" do
  lib = File.expand_path("../../lib", __dir__)
  app = File.expand_path("support/active_record_app.rb", __dir__)

  it "reads both generations of the engine's records, and holds no connection" do
    found = %w[activerecord sqlite3].all? { |gem| Gem::Specification.find_all_by_name(gem).any? }
    skip "the gems activerecord and sqlite3 are not installed" unless found

    out, err, status = Dir.mktmpdir do |folder|
      Open3.capture3(RbConfig.ruby, "-I", lib, app, folder, chdir: folder)
    end
    expect(status).to be_success, err
    expect(JSON.parse(out)).to match(
      "found" => { "asst_1" => { "model" => "gpt-4o", "instructions" => "Be kind.", "top_p" => 0.5 },
                   "asst_v" => { "model" => "gpt-4.1", "instructions" => "two" } },
      "unknown" => nil, "listed" => %w[asst_1 asstXv asst_v], "busy" => 0, "in_transaction" => "gpt-4o",
      "without_table" => 1, "places" => /Assistant: there is no table prompt_tracker_openai_assistants/
    )
  end
end
