# frozen_string_literal: true

require_relative "support/classic"

RSpec.describe PromptTracker::Native::Client, "streaming runs, with a definition", :server, :classic do
  before { define_assistant }

  def stream(thread_id, **options)
    events { |taker| start(thread_id, stream: taker, **options) }
  end

  def names(events) = events.map(&:first)

  def data(events, name) = events.select { |event, _| event == name }.map(&:last)

  def said(events)
    data(events, "thread.message.delta").map { |delta| delta.dig("delta", "content", 0, "text", "value") }.join
  end

  written = %w[
    thread.run.created thread.run.queued thread.run.in_progress thread.run.step.created thread.run.step.in_progress
    thread.message.created thread.message.in_progress thread.message.delta thread.message.delta
    thread.message.completed thread.run.step.completed thread.run.completed
  ]

  it "gives the classic events, and an empty text" do
    server.answer("It is sunny.", deltas: ["It is ", "sunny."])
    thread = thread_with("Weather?")
    result = nil
    events = events { |taker| result = start(thread, stream: taker) }
    expect(result).to eq("")
    expect(names(events)).to eq(written)
    expect(said(events)).to eq("It is sunny.")
  end

  it "gives the objects that the requests give" do
    server.answer("It is sunny.")
    events = stream(thread_with("Weather?"))
    run = events.last[1]
    expect(look(run)).to eq(run)
    message = data(events, "thread.message.completed").first
    expect(messages(run["thread_id"]).first).to eq(message)
    steps = client.run_steps.list(thread_id: run["thread_id"], run_id: run["id"])["data"]
    expect(steps.map { |step| step.except("usage") })
      .to eq(data(events, "thread.run.step.completed").map { |step| step.except("usage") })
  end

  it "begins with the thread where it was made for the run" do
    events = events do |taker|
      client.runs.create_thread_and_run(
        parameters: { assistant_id: Classic::ASSISTANT, stream: taker,
                      thread: { messages: [{ role: "user", content: "Hello!" }] } }
      )
    end
    expect(names(events).first(2)).to eq(%w[thread.created thread.run.created])
    expect(events.dig(0, 1, "id")).to eq(events.last[1]["thread_id"])
  end

  it "gives a proc of one argument the data only" do
    objects = []
    start(thread_with("Hello!"), stream: proc { |data| objects << data["object"] })
    expect(objects).to include("thread.run", "thread.message.delta")
  end

  it "shows function calls and their outputs" do
    server.calls_tools([["get_weather", { city: "Berlin" }], ["get_weather", { city: "Rome" }]],
                       then_answer: "Sunny in both.")
    events = stream(thread_with("Weather?"))
    run = events.last[1]
    expect(names(events).last).to eq("thread.run.requires_action")
    expect(names(events).count("thread.run.step.created")).to eq(1)
    pieces = data(events, "thread.run.step.delta").map { |one| one.dig("delta", "step_details", "tool_calls", 0) }
    arguments = pieces.group_by { |piece| piece["index"] }
                      .transform_values { |parts| parts.map { |part| part.dig("function", "arguments") }.join }
    expect(arguments.values.map { |text| JSON.parse(text) }).to eq([{ "city" => "Berlin" }, { "city" => "Rome" }])
    expect(pieces.filter_map { |piece| piece["id"] }).to eq(calls(run).map { |call| call["id"] })

    more = events { |taker| submit(run, stream: taker) }
    expect(names(more).first(3)).to eq(%w[thread.run.step.completed thread.run.queued thread.run.in_progress])
    expect(more.dig(0, 1, "step_details", "tool_calls").map { |call| call.dig("function", "output") })
      .to eq(["21 degrees"] * 2)
    expect(said(more)).to eq("Sunny in both.")
    expect(more.last).to match(["thread.run.completed", include("id" => run["id"])])
  end

  it "shows refusals" do
    server.refuses("I can't.")
    events = stream(thread_with("Hello!"))
    deltas = data(events, "thread.message.delta").map { |delta| delta.dig("delta", "content", 0, "refusal") }
    expect(deltas.join).to eq("I can't.")
    expect(data(events, "thread.message.completed").dig(0, "content")).to eq([{ "type" => "refusal",
                                                                                "refusal" => "I can't." }])
  end

  it "shows annotations" do
    server.answer("See it.", annotations: [{ type: "file_citation", file_id: "file_1", index: 3, filename: "a.txt" }])
    events = stream(thread_with("Hello!"))
    found = data(events, "thread.message.delta").filter_map do |d|
      d.dig("delta", "content", 0, "text", "annotations", 0)
    end
    expect(found).to match([include("index" => 0, "type" => "file_citation", "start_index" => 3,
                                    "file_citation" => { "file_id" => "file_1" })])
  end

  { "failed" => "failed", "incomplete" => "completed", "cancelled" => "cancelled" }.each do |status, step|
    it "ends with thread.run.#{status}" do
      server.quirk(:cancelled_event)
      server.ends_with(status, text: "It is")
      events = stream(thread_with("Hello!"))
      expect(names(events).last(3)).to eq(["thread.message.incomplete", "thread.run.step.#{step}",
                                           "thread.run.#{status}"])
    end
  end

  %i[unknown_events duplicate_events no_event_lines no_sequence_numbers bytewise extra_fields done_at_end
     created_201].each do |quirk|
    it "gives the same with the quirk #{quirk}" do
      server.quirk(quirk)
      server.answer("It is sunny.", deltas: ["It is ", "sunny."])
      events = stream(thread_with("Weather?"))
      allowed = quirk == :no_sequence_numbers ? names(events).uniq : names(events)
      expect(allowed).to eq(quirk == :no_sequence_numbers ? written.uniq : written)
      expect(said(events)).to eq("It is sunny.")
    end
  end

  it "gives each whole message also where events come out of order" do
    server.quirk(:out_of_order_events)
    server.answer("It is sunny today.", deltas: ["It is ", "sunny ", "today."])
    events = stream(thread_with("Weather?"))
    expect(texts(data(events, "thread.message.completed"))).to eq(["It is sunny today."])
    expect([events.first, events.last].map(&:first)).to eq(%w[thread.run.created thread.run.completed])
  end

  it "gives what a short last event leaves out as it was" do
    server.quirk(:short_failed_event)
    server.ends_with("failed", last_error: { message: "Out of order" })
    run = stream(thread_with("Weather?")).last[1]
    expect(run).to include("status" => "failed", "model" => "gpt-4o", "assistant_id" => Classic::ASSISTANT,
                           "last_error" => { "code" => "server_error", "message" => "Out of order" })
  end

  it "gives the run where the server answers with JSON" do
    server.quirk(:json_for_stream)
    thread = thread_with("Hello!")
    result = nil
    events = events { |taker| result = start(thread, stream: taker) }
    expect(events).to eq([])
    expect(result).to include("object" => "thread.run", "status" => "completed")
  end

  it "passes on what the proc raises" do
    thread = thread_with("Hello!")
    expect { start(thread, stream: ->(_) { raise KeyError, "mine" }) }.to raise_error(KeyError, "mine")
  end

  it "refuses what can't take events" do
    expect { start("conv_1", stream: true) }.to raise_error(ArgumentError, /stream parameter must be a Proc/)
  end

  describe "when the stream breaks" do
    it "names the run in the error" do
      server.answer("It is sunny.", deltas: ["It is ", "sunny."])
      server.breaks_stream(after: "response.output_text.delta")
      thread = thread_with("Weather?")
      error = failure_of { stream(thread) }
      expect(error).to be_a(PromptTracker::Native::Error)
      expect(error).to have_attributes(thread_id: thread, run_id: /\Aresp_/)
    end

    it "looks the response up, and goes on where it is over" do
      server.answer("It is sunny.", deltas: ["It is ", "sunny."], delay: 0)
      server.breaks_stream(after: "response.output_text.delta", found: true)
      events = stream(thread_with("Weather?"))
      expect(names(events).last).to eq("thread.run.completed")
      expect(texts(data(events, "thread.message.completed"))).to eq(["It is sunny."])
      expect(lines.last).to eq("GET /responses/{}")
    end

    it "polls a background response that can't be taken up again" do
      PromptTracker::Native.configure { |c| c.background = true }
      server.answer("It is sunny.", deltas: ["It is ", "sunny."], delay: 0.1)
      server.breaks_stream(after: "response.output_text.delta")
      server.fails_with(400, on: ->(request) { request.query["stream"] == "true" }, times: :always)
      events = stream(thread_with("Weather?"))
      expect(names(events).last).to eq("thread.run.completed")
      expect(texts(data(events, "thread.message.completed"))).to eq(["It is sunny."])
      expect(lines.count("POST /responses")).to eq(1)
    end

    it "takes up a background response again, and loses nothing" do
      PromptTracker::Native.configure { |c| c.background = true }
      server.answer("It is sunny.", deltas: ["It is ", "sunny."], delay: 0.1)
      server.breaks_stream(after: "response.output_text.delta")
      events = stream(thread_with("Weather?"))
      expect(names(events)).to eq(written)
      expect(said(events)).to eq("It is sunny.")
      expect(server.requests.last.to_s).to match(%r{\AGET /v1/responses/resp_})
      expect(server.requests.last.query).to include("stream" => "true")
      expect(lines.count("POST /responses")).to eq(1)
    end
  end

  it "hands on an error that comes as an event" do
    server.breaks_stream(after: "response.in_progress", how: :error)
    server.answer("It is sunny.", delay: 0.2)
    events = stream(thread_with("Weather?"))
    expect(events.last).to match(["error", include("message" => String)])
  end
end
