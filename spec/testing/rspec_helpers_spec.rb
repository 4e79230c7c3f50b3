# frozen_string_literal: true

require_relative "../support/suite_run"

# They change RSpec's own configuration, so their examples have a process of their own: test/suites/rspec_helpers.
RSpec.describe "prompt_tracker/native/rspec", :suite do
  it "does what its suite says" do
    outcome = run_suite("rspec_helpers")
    expect(outcome.count).to eq("112 examples, 0 failures"), outcome.out
    expect(outcome.warnings).to be_empty
  end
end
