# frozen_string_literal: true

require_relative "../../wire/support/shared_data"

# What the specs of the classic verbs on Conversations and Responses share: an assistant that is defined here, a client,
# and the shapes of OpenAI's document.
module Classic
  ASSISTANT = "asst_weather"
  DEFINITION = {
    model: "gpt-4o", name: "Weather", instructions: "Answer briefly.",
    tools: [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: {} } } },
            { type: "code_interpreter" }]
  }.freeze
  CALLS = "required_action.submit_tool_outputs.tool_calls"

  # Without these, no time would pass between two looks at a run.
  def define_assistant(definition = DEFINITION, **settings)
    PromptTracker::Native.configure do |c|
      c.assistants = { ASSISTANT => definition }
      c.poll_interval = 0.005
      c.max_poll_interval = 0.02
      settings.each { |name, value| c.public_send(:"#{name}=", value) }
    end
  end

  def client = @client ||= PromptTracker::Native::Client.new

  # What this process remembers of threads, runs and messages is gone, as in another one.
  def in_another_process
    PromptTracker::Native::Client::Classic.forget
  end

  def thread_with(*texts)
    client.threads.create(parameters: { messages: texts.map { |text| { role: "user", content: text } } })["id"]
  end

  def start(thread_id, **options)
    client.runs.create(thread_id: thread_id, parameters: { assistant_id: ASSISTANT, **options })
  end

  def look(run)
    client.runs.retrieve(thread_id: run["thread_id"], id: run["id"])
  end

  # As a program of the time does it.
  def poll(run)
    100.times do
      run = look(run)
      return run unless %w[queued in_progress cancelling].include?(run["status"])

      sleep 0.005
    end
    raise "the run does not end: #{run["status"]}"
  end

  def calls(run) = run.dig("required_action", "submit_tool_outputs", "tool_calls")

  # @return [Hash] the run
  def submit(run, output = "21 degrees", **more)
    outputs = calls(run).map { |call| { tool_call_id: call["id"], output: output } }
    client.runs.submit_tool_outputs(thread_id: run["thread_id"], run_id: run["id"],
                                    parameters: { tool_outputs: outputs, **more })
  end

  def messages(thread_id, **parameters)
    client.messages.list(thread_id: thread_id, parameters: parameters)["data"]
  end

  def texts(messages) = messages.map { |message| message.dig("content", 0, "text", "value") }

  # @return [Array<Array(String, Hash)>] the events that the block's streams gave; it is given what takes them
  def events
    events = []
    yield ->(data, event) { events << [event, data] }
    events
  end

  # Requests in short, ids left out.
  def lines
    server.requests.map { |request| request.to_s.sub(" /v1", " ").gsub(%r{/(conv|resp|msg|fc)_\w+}, "/{}") }
  end

  def last_body = server.requests.reverse.find { |request| request.body.is_a?(Hash) }.body

  # Checks an object field by field with a schema of OpenAI's document.
  def expect_shape(name, object)
    problems = Schemas.of(name).validate(object).map { |problem| problem["error"] }
    expect(problems).to eq([]), "#{name}: #{problems.join("; ")}\n#{JSON.pretty_generate(object)}"
  end

  # The schemas, where they are at hand.
  module Schemas
    # @return [String, nil] why shapes can't be checked here
    def self.missing
      return Wire::SharedData.missing if Wire::SharedData.missing

      require "json_schemer"
      nil
    rescue LoadError
      "the json_schemer gem is not installed"
    end

    def self.of(name)
      @document ||= JSONSchemer.openapi(JSON.parse(File.read(Wire::SharedData::DOCUMENT)))
      (@schemas ||= {})[name] ||= @document.schema(name)
    end
  end
end

RSpec.configure { |config| config.include Classic, :classic }
