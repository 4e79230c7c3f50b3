# frozen_string_literal: true

require_relative "support"

# OpenTelemetry spans, as the SDK's exporter in memory gets them.
RSpec.describe "Spans", :server, :child_process, :observability do
  sdk = <<~RUBY
    require "opentelemetry/sdk"
    EXPORTER = OpenTelemetry::SDK::Trace::Export::InMemorySpanExporter.new
    ENV["OTEL_TRACES_EXPORTER"] = "none"
    OpenTelemetry::SDK.configure do |c|
      c.logger = Logger.new(File::NULL)
      c.add_span_processor(OpenTelemetry::SDK::Trace::Export::SimpleSpanProcessor.new(EXPORTER))
    end
    def show
      spans = EXPORTER.finished_spans.map do |s|
        { name: s.name, kind: s.kind, attributes: s.attributes, parent: s.parent_span_id.unpack1("H*"),
          id: s.span_id.unpack1("H*"), error: s.status.code == OpenTelemetry::Trace::Status::ERROR,
          scope: s.instrumentation_scope.name,
          events: (s.events || []).map { |e| { name: e.name, attributes: e.attributes } } }
      end
      puts JSON.generate(spans)
    end
  RUBY
  defined = "PromptTracker::Native.configure { |c| c.assistants = { asst_1: { model: \"gpt-4.1\", name: \"Ann\" } } }\n"

  def port = Integer(server.url[/:(\d+)/, 1])

  it "of an assistant's call are of invoke_agent" do
    span, *others = in_app("#{defined} ask; show", before: sdk)
    expect(others).to be_empty
    expect(span).to include("name" => "invoke_agent Ann", "kind" => "client", "error" => false,
                            "scope" => "prompt_tracker-native")
    expect(span["attributes"]).to include(
      "gen_ai.operation.name" => "invoke_agent", "gen_ai.provider.name" => "openai", "gen_ai.agent.id" => "asst_1",
      "gen_ai.agent.name" => "Ann", "gen_ai.request.model" => "gpt-4.1", "gen_ai.response.model" => "gpt-4.1",
      "gen_ai.response.id" => /\Aresp_/, "gen_ai.conversation.id" => /\Aresp_/, "server.address" => "127.0.0.1",
      "server.port" => port, "gen_ai.usage.input_tokens" => be_positive, "gen_ai.usage.output_tokens" => be_positive,
      "http.response.status_code" => 200
    )
    expect(span["attributes"].keys.grep(/messages|error/)).to be_empty
  end

  it "of a call without a definition carry the ids of thread and run" do
    span, = in_app("ask; show", before: sdk)
    expect(span).to include("name" => "invoke_agent")
    expect(span["attributes"]).to include("gen_ai.conversation.id" => /\Athread_/, "gen_ai.response.id" => /\Arun_/)
  end

  it "of chat are named by its model, and there is one a call" do
    code = <<~RUBY
      PromptTracker::LlmClientService.call(provider: "openai", model: "gpt-4o", prompt: "Hello!") { |text| }
      PromptTracker::Native::Client.new.chat(parameters: { model: "gpt-4o", messages: [{ role: "user", content: "Hi" }] })
      show
    RUBY
    spans = in_app(code, before: sdk)
    expect(spans.map { |span| span["name"] }).to eq(["chat gpt-4o", "chat gpt-4o"])
    expected = { "gen_ai.operation.name" => "chat", "gen_ai.request.model" => "gpt-4o",
                 "gen_ai.response.id" => /\Achatcmpl/, "gen_ai.usage.input_tokens" => be_positive,
                 "server.address" => "127.0.0.1", "server.port" => port }
    expect(spans.map { |span| span["attributes"] }).to all(include(expected))
  end

  it "have the error's type, and retries as events" do
    server.fails_with(429, times: 2, headers: { "retry-after-ms" => "1" },
                           body: { error: { message: "m", code: "slow_down" } })
    span, = in_app("PromptTracker::Native.configure { |c| c.max_retries = 1 }\nask rescue nil\nshow", before: sdk)
    expect(span).to include("error" => true)
    expect(span["attributes"]).to include("error.type" => "slow_down", "http.response.status_code" => 429)
    expect(span["events"]).to contain_exactly(
      "name" => "retry", "attributes" => include("attempt" => 1, "wait" => 0.001, "http.response.status_code" => 429)
    )
  end

  it "are children of the app's span, and it is current again after them" do
    code = <<~RUBY
      tracer = OpenTelemetry.tracer_provider.tracer("app")
      tracer.in_span("outer") do |outer|
        ask
        raise "not current" unless OpenTelemetry::Trace.current_span.equal?(outer)
      end
      show
    RUBY
    inner, outer = in_app(code, before: sdk)
    expect(inner["parent"]).to eq(outer["id"])
  end

  it "are one for each call of call_many" do
    code = <<~RUBY
      calls = Array.new(4) { |i| { assistant_id: "asst_\#{i}", prompt: "Hello!" } }
      OpenTelemetry.tracer_provider.tracer("app").in_span("outer") do
        PromptTracker::OpenaiAssistantService.call_many(calls, concurrency: 4)
      end
      show
    RUBY
    *spans, outer = in_app(code, before: sdk)
    expect(spans.map { |span| span["attributes"]["gen_ai.agent.id"] }).to match_array(%w[asst_0 asst_1 asst_2 asst_3])
    expect(spans.map { |span| span["attributes"]["gen_ai.response.id"] }.uniq.size).to eq(4)
    expect(spans.map { |span| span["parent"] }).to all(eq(outer["id"]))
  end

  it "hold messages only where the setting asks for them" do
    span, = in_app("PromptTracker::Native.configure { |c| c.capture_content = true }\nask; show", before: sdk)
    expect(JSON.parse(span["attributes"]["gen_ai.input.messages"]))
      .to eq([{ "role" => "user", "parts" => [{ "type" => "text", "content" => "Hello!" }] }])
    expect(span["attributes"]["gen_ai.output.messages"]).to include("assistant")
  end

  it "can be turned off" do
    expect(in_app("PromptTracker::Native.configure { |c| c.open_telemetry = false }\nask; show", before: sdk)).to eq([])
  end

  it "are none, and do no harm, where only the API is loaded" do
    expect(in_app("puts JSON.generate(ask.keys)",
                  before: "require \"opentelemetry\"\n")).to eq(%w[text usage model raw])
  end
end
