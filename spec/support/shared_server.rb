# frozen_string_literal: true

# One local server for the whole suite, started when an example first wants it. Each example finds it as new.
module SharedServer
  KEY = "sk-specs-0123456789abcdefghij"

  class << self
    def instance
      @instance ||= PromptTracker::Native::LocalServer.start
    end

    def stop
      @instance&.stop
      @instance = nil
    end
  end

  # Points the gem at the server.
  def with_server(key: KEY)
    server.reset
    ENV["OPENAI_BASE_URL"] = server.url
    ENV["OPENAI_API_KEY"] = key
    server
  end

  def server = SharedServer.instance

  # What has arrived since the example began, but for a cancel that an earlier one did not wait for.
  def requests
    threads = server.instance_variable_get(:@store).conversations
    server.requests.reject do |request|
      request.path.end_with?("/cancel") && !threads.key?(request.path[%r{/threads/([^/]+)/}, 1])
    end
  end

  # The same in short, ids left out: "POST /threads/{}/runs".
  def request_lines
    requests.map { |request| request.to_s.sub(" /v1", " ").gsub(%r{/(thread|run|msg)_\w+}, "/{}") }
  end

  # Requests that ask for a new run, whatever became of them.
  def run_requests = requests.select { |request| request.method == "POST" && request.path.end_with?("/runs") }

  # The runs that exist at the server, in all threads.
  def runs_at_server
    server.instance_variable_get(:@store).conversations.each_value.flat_map { |thread| thread.runs.values }
  end

  # The first message of the user that arrived, in whichever request.
  def sent_message
    requests.each do |request|
      next unless request.body.is_a?(Hash)
      return request.body if request.body.key?("role")

      message = (request.body.dig("thread", "messages") || request.body["additional_messages"])&.first
      return message if message
    end
    nil
  end

  def ask(**keywords, &block)
    PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_1", prompt: "Hello!", **keywords, &block)
  end

  # What a failing call raises; the example fails where nothing is raised.
  def failure_of
    yield
  rescue StandardError => e
    e
  else
    raise "nothing was raised"
  end
end
