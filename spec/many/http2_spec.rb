# frozen_string_literal: true

require "tmpdir"
require_relative "../../bench/support/nginx"
require_relative "support/many_calls"

# A crowd over HTTP/2: up to a hundred calls share a connection.
RSpec.describe "call_many over HTTP/2" do
  include ManyCalls

  before do
    skip "needs nginx with its echo module, which bin/setup --companions installs" unless Bench::Nginx.available?
  end

  it "has no more connections for 1,000 calls at once than one for each hundred" do
    Dir.mktmpdir do |folder|
      nginx = Bench::Nginx.new(folder)
      ENV.update(nginx.environment.merge("OPENAI_BASE_URL" => nginx.url("/1s"), "OPENAI_API_KEY" => "sk-specs"))
      results = service.call_many(calls(1000), concurrency: 1000)
      requests, connections, failed = nginx.count
      expect(results).to all(be_a(Hash))
      expect([requests, failed]).to eq([1000, 0])
      expect(connections).to be <= 10
    ensure
      nginx&.stop
    end
  end
end
