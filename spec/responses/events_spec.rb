# frozen_string_literal: true

require_relative "support"

# Streams of responses as they shouldn't be.
RSpec.describe PromptTracker::OpenaiAssistantService, "with odd events of a response", :server do
  include_context "on the Responses wire"

  error = described_class::AssistantError

  def plays(text)
    server.raw(on: "POST /responses", headers: { "content-type" => "text/event-stream" }, body: text)
  end

  def whole(*between)
    done = response(output: [message("It is sunny.")])
    stream_of(["response.created", { response: response(status: "in_progress") }], *between,
              ["response.completed", { response: done }])
  end

  def delta(text, **more) = ["response.output_text.delta", { item_id: "msg_1", content_index: 0, delta: text, **more }]

  def deltas
    given = []
    @result = ask { |piece| given << piece }
    given
  end

  %i[duplicate_events out_of_order_events no_sequence_numbers unknown_events extra_fields done_at_end].each do |quirk|
    it "has the answer, and gives no piece twice, where a server has #{quirk}" do
      server.quirk(quirk)
      server.answer(deltas: ["It ", "is ", "sunny."])
      expect(deltas).to contain_exactly("It ", "is ", "sunny.")
      expect(@result[:text]).to eq("It is sunny.")
      expect(server.responses.size).to eq(1)
    end
  end

  it "ignores unknown events, and those that hold nothing it knows" do
    plays(whole(["response.future.thing", { thing: 1 }], ["response.output_text.delta", { delta: nil }],
                ["response.in_progress", {}], delta("It is sunny.", obfuscation: "x", logprobs: [])))
    expect(deltas).to eq(["It is sunny."])
    expect(@result[:text]).to eq("It is sunny.")
  end

  it "goes by the first end, whatever comes after it" do
    late = stream_of(["response.failed", { response: response(status: "failed") }]).sub("\":0", "\":9")
    plays(whole + late)
    expect(ask { |_| nil }[:text]).to eq("It is sunny.")
  end

  it "skips events whose data is no JSON" do
    plays("event: response.output_text.delta\ndata: {\"delta\":\n\n#{whole(delta("Sun."))}")
    expect(deltas).to eq(["Sun."])
  end

  it "looks a response up whose last event is damaged" do
    server.quirk(:truncated_json)
    server.quirk(:outlives_stream)
    raised = failure_of { ask }
    expect(raised).to be_instance_of(error).and have_attributes(run_id: server.responses.first["id"])
    expect(request_lines).to eq(["POST /responses", "GET /responses/{}"])
  end

  it "fails where events hold no response" do
    plays("event: response.created\ndata: {\"response\":\n\ndata: [DONE]\n\n")
    expect { ask }.to raise_error(error, /\AFailed to run assistant: .*one may have been started/)
  end

  it "takes response.failed with three fields" do
    server.quirk(:short_failed_event)
    server.ends_with("failed", last_error: { code: "server_error", message: "It broke." })
    expect(failure_of { ask }).to have_attributes(message: "Assistant run failed: It broke.", code: "server_error",
                                                  run_id: server.responses.first["id"])
  end

  it "takes response.cancelled, and a cancelled response's stream without it" do
    server.ends_with("cancelled", times: 2)
    PromptTracker::Native.configure { |c| c.background = true }
    2.times do
      expect { ask }.to raise_error(error, "Assistant run was cancelled")
      server.quirk(:cancelled_event)
    end
  end

  {
    "in the API's own shape" => { error: { message: "Too many.", code: "rate_limit_exceeded" } },
    "as the document has them" => { code: "rate_limit_exceeded", message: "Too many.", param: nil }
  }.each do |name, fields|
    it "says what an error event says, #{name}" do
      plays(stream_of(["response.created", { response: response(status: "in_progress") }], ["error", fields]))
      expect(failure_of { ask }).to be_instance_of(error).and have_attributes(
        message: "Error waiting for completion: Too many.", code: "rate_limit_exceeded", run_id: "resp_1"
      )
    end
  end

  it "says what an error event says before there is a response" do
    plays("event: error\ndata: overloaded\n\n")
    expect { ask }.to raise_error(error, "Failed to run assistant: overloaded")
  end
end
