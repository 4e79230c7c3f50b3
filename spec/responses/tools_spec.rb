# frozen_string_literal: true

require_relative "support"

# Function calls of responses, and conversations in which no call stays open.
RSpec.describe PromptTracker::OpenaiAssistantService, "with a response's function calls", :server do
  include_context "on the Responses wire"

  error = described_class::AssistantError

  def items_of(conversation)
    client = PromptTracker::Native::Client.new
    client.get(path: "/conversations/#{conversation}/items", parameters: { order: "asc" })["data"]
  end

  def conversation = @conversation ||= ask(thread_id: :new)[:raw][:thread_id]

  it "hands the outputs in by their calls' ids" do
    server.calls_tools([["get_weather", { city: "Berlin" }], ["get_time", {}]], then_answer: "Done.")
    ask(tools: { "get_weather" => ->(a) { a["city"].upcase }, "get_time" => ->(_) { { hour: 12 } } })
    calls = server.responses.first["output"].map { |item| item["call_id"] }
    outputs = bodies.last["input"]
    expect(outputs.map { |item| item["type"] }.uniq).to eq(["function_call_output"])
    expect(outputs.map { |item| [item["call_id"], item["output"]] })
      .to eq([[calls.first, "BERLIN"], [calls.last, '{"hour":12}']])
  end

  it "gives the result of the last response" do
    server.calls_tool("lookup", {}, then_answer: "Done.")
    result = ask(tools: { "lookup" => ->(_) { "x" } })
    expect(result[:raw]).to include(run_id: server.responses.last["id"], thread_id: server.responses.last["id"])
  end

  it "counts the tokens of all its responses, as a run did" do
    server.calls_tool("lookup", {}, then_answer: "Done.")
    result = ask(tools: { "lookup" => ->(_) { "x" } })
    usages = server.responses.map { |response| response["usage"] }
    names = { prompt_tokens: "input_tokens", completion_tokens: "output_tokens", total_tokens: "total_tokens" }
    sums = names.transform_values { |name| usages.sum { |usage| usage[name] } }
    expect(usages.size).to eq(2)
    expect(sums.values).to all(be_positive)
    expect(result[:usage]).to eq(sums)
    expect(result[:raw][:run]["usage"]).to eq(sums.transform_keys(&:to_s))
    expect(result[:raw][:response]["usage"]).to eq(usages.last)
  end

  ["required", { type: "function", function: { name: "lookup" } }, "auto"].each do |choice|
    it "asks for a tool once with #{choice.inspect}" do
      server.calls_tool("lookup", {}, then_answer: "Done.")
      define_assistant(tools: [{ type: "function", function: { name: "lookup" } }])
      ask(tool_choice: choice, tools: { "lookup" => ->(_) { "x" } })
      first, second = bodies.map { |body| body["tool_choice"] }
      expect(first).to eq(choice.is_a?(Hash) ? { "type" => "function", "name" => "lookup" } : choice)
      expect(second).to eq("auto")
    end
  end

  { "no handlers" => nil, "not that handler" => { "other" => ->(_) { "x" } },
    "a handler that fails" => { "lookup" => ->(_) { raise "no" } } }.each do |name, tools|
    it "answers open calls in a conversation before it fails with #{name}" do
      conversation
      server.calls_tools([["lookup", {}], ["lookup", { a: 1 }]])
      expect { ask(thread_id: conversation, tools: tools) }.to raise_error(error)
      added = items_of(conversation).last(4)
      expect(added.map { |item| item["type"] }).to eq(%w[function_call function_call function_call_output
                                                         function_call_output])
      expect(added.last(2).map { |item| item["call_id"] }).to match_array(added.first(2).map { |item| item["call_id"] })
      expect(added.last(2).map { |item| item["output"] }).to all(match(/\AError: /))
      expect(ask(thread_id: conversation)[:text]).to be_a(String)
    end
  end

  it "raises the call's own error where the open calls can't be answered either" do
    conversation
    server.calls_tool("lookup", {})
    server.fails_with(400, on: "POST /conversations/{}/items")
    expect { ask(thread_id: conversation) }
      .to raise_error(error, "Assistant requires action (tool calls not yet supported)")
  end

  it "sends nothing more where there is no conversation" do
    server.calls_tool("lookup", {})
    expect { ask }.to raise_error(error, "Assistant requires action (tool calls not yet supported)")
    expect(request_lines).to eq(["POST /responses"])
  end
end
