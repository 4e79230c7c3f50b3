# frozen_string_literal: true

# What {SharedServer} tells of runs, for the Responses wire: there, a run is a response.
module ResponsesAtServer
  Run = Struct.new(:id, :thread_id, :status)

  # The same in short, ids left out: "POST /responses", "GET /responses/{}".
  def request_lines
    super.map { |line| line.gsub(%r{/(resp|conv)_\w+}, "/{}") }
  end

  # Requests that ask for a new response, whatever became of them.
  def run_requests = requests.select { |request| request.method == "POST" && request.path.end_with?("/responses") }

  # Every response that was created, also those that no request would find.
  def runs_at_server
    server.responses.map do |response|
      Run.new(response["id"], response.dig("conversation", "id") || response["id"], response["status"])
    end
  end

  # The first message of the user that arrived.
  def sent_message
    input = run_requests.first&.body&.fetch("input")
    input.is_a?(String) ? { "role" => "user", "content" => input } : input&.first
  end

  # Gives one assistant, or each, a definition.
  def define_assistant(id = nil, **fields)
    definition = { model: "gpt-4o", **fields }
    assistants = id ? { id => definition } : ->(_) { definition }
    PromptTracker::Native.configure { |c| c.assistants = assistants }
  end
end
