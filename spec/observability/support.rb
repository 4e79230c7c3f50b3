# frozen_string_literal: true

# Examples of what is told of calls. Apps load ActiveSupport and OpenTelemetry, and the suite's own process must not:
# such code runs in a child that finds the bundle's gems.
module Observability
  GEMS = "$VERBOSE = nil\n$LOAD_PATH.concat(#{$LOAD_PATH.inspect})\nrequire \"json\"\n".freeze

  # @param code [String] prints JSON
  # @return [Object] what it printed
  def in_app(code, before: "", env: {})
    variables = { "OPENAI_BASE_URL" => server.url, "OPENAI_API_KEY" => SharedServer::KEY, **env }
    outcome = run_child(code, before: GEMS + before, env: variables)
    expect(outcome.status).to be_success, outcome.to_s
    expect(outcome.to_s).not_to include(SharedServer::KEY)
    JSON.parse(outcome.out)
  end
end

RSpec.configure { |config| config.include Observability, :observability }
