# frozen_string_literal: true

require "tmpdir"
require_relative "../support/suite_run"

# A suite that was written for a service on ruby-openai, with verifying doubles, WebMock and VCR, run before and after
# the swap. test/suites/swap is that suite, with the service that it was written for.
RSpec.describe "An app's suite", :server, :suite do
  examples = 38

  around do |example|
    Dir.mktmpdir { |folder| (@cassettes = folder) && example.run }
  end

  before do
    usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
    server.answer("It is foggy.")
    server.answer("It is sunny.", usage: usage)
    server.answer("It rains at last.", polls: 3)
    server.ends_with("failed", last_error: { code: "server_error", message: "No forecast today." })
    server.fails_with(429, on: lambda { |request|
      request.path.end_with?("/runs") && server.requests.count { |one| one.path == "/v1/threads" } == 4
    })
    recorded = run_ruby(File.join(SuiteRun::ROOT, "test/suites/swap"), "record.rb", server.url, @cassettes)
    expect(recorded.status).to be_success, recorded.out
    expect(Dir.children(@cassettes).size).to eq(5)
  end

  def run(swap) = run_suite("swap", env: { "SWAP" => swap, "CASSETTES" => @cassettes })

  it "passes before the swap and after it, unchanged, with ruby-openai and without" do
    %w[before beside instead].each do |swap|
      outcome = run(swap)
      expect(outcome.count).to eq("#{examples} examples, 0 failures"), "#{swap}:\n#{outcome.out}"
      expect(outcome.warnings).to be_empty
    end
  end
end
