# frozen_string_literal: true

require_relative "../support/flows"

# What real servers do differently, each played by the local server on every flow. One run is started, never two.
RSpec.describe PromptTracker::OpenaiAssistantService, "with servers as they are", :server do
  error = described_class::AssistantError

  # Long enough to be cut in many places, with emoji of one and of several code points.
  text = "Grüße aus 東京: die Sonne 🌞 scheint, 👩‍🚀 winkt.\n\nUnd „morgen“? Auch 🌍!"

  # Name of a quirk and its options => what it stands for.
  harmless = {
    "answers creates with 201" => [:created_201],
    "has bare UUIDs for ids" => [:uuid_ids],
    "ignores order and limit of lists" => [:unordered_lists],
    "lists messages of one second at random" => [:shuffled_lists, { seed: 3 }],
    "answers JSON though a stream was asked for" => [:json_for_stream],
    "gives only a few of a run's fields" => [:run_missing_fields],
    "adds fields that no document names" => [:extra_fields],
    "sends text as a plain String" => [:text_as_string],
    "sends text as a plain String in deltas too" => [:text_as_string, { deltas: true }],
    "leaves required_action in a completed run" => [:leftover_required_action],
    "has events without event lines, with the kind in object" => [:no_event_lines, { kind: :object }],
    "has events without event lines, with the kind in type" => [:no_event_lines, { kind: :type }],
    "ends streams without done" => [:no_done],
    "ends lines with CR LF" => [:crlf],
    "sends comments, ids and retry times" => [:comments],
    "leaves the space after a colon out" => [:no_space],
    "begins with a byte order mark" => [:bom],
    "cuts data into several lines" => [:split_data],
    "sends each byte by itself" => [:bytewise],
    "cuts chunks anywhere" => [:random_cuts, { seed: 1, longest: 7 }],
    "cuts chunks anywhere else" => [:random_cuts, { seed: 2, longest: 60 }],
    "splits emoji into two escapes" => [:lone_surrogates],
    "sends events of unknown types" => [:unknown_events],
    "sends answers in chunks" => [:chunked],
    "compresses answers" => [:gzip],
    "compresses answers that were asked for plain" => [:gzip, { always: true }],
    "answers a create only when the run has ended" => [:blocking_create],
    "says [DONE] after the last event of a response" => [:done_at_end],
    "sends every event of a response twice" => [:duplicate_events],
    "sends a response's events in another order" => [:out_of_order_events],
    "numbers no events of a response" => [:no_sequence_numbers],
    "keeps the stream open after its last event" => [:stays_open, { seconds: 20 }]
  }

  (Flows::OWN + Flows::RESPONSES).each do |flow|
    describe flow.name, wire: flow.wire do
      include_context "with a flow", flow

      def failure = failure_of { call }

      harmless.each do |name, (quirk, options)|
        it "copes with a server that #{name}", :common do
          server.quirk(quirk, **options.to_h)
          server.answer(text, usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 })
          result = nil
          expect(seconds { result = call }).to be < 5
          run = runs_at_server.first
          expect(result[:text]).to eq(text)
          expect(result[:raw]).to include(thread_id: run.thread_id, run_id: run.id)
          expect(result[:raw][:run]).to include("id" => run.id, "status" => "completed")
          expect(result[:usage][:total_tokens]).to eq(quirk == :run_missing_fields ? 0 : 3)
          expect([run_requests.size, runs_at_server.size]).to eq([1, 1])
          next if flow.wire != :assistants || !flow.respond_to?(:deltas)

          expect(flow.deltas.join).to eq(text)
          expect(flow.deltas).to all(be_valid_encoding)
        end
      end

      it "copes with all of a stream's oddities at once", :common do
        server.quirks = { no_event_lines: {}, no_done: {}, crlf: {}, comments: {}, no_space: {}, split_data: {},
                          random_cuts: { seed: 5 }, lone_surrogates: {}, unknown_events: {}, extra_fields: {} }
        server.answer(text)
        expect(call[:text]).to eq(text)
      end

      it "copes with usage: null", :common do
        server.quirk(:usage_null)
        expect(call[:usage]).to eq(prompt_tokens: 0, completion_tokens: 0, total_tokens: 0)
      end

      %i[unordered_lists shuffled_lists].each do |quirk|
        it "takes the message of its own run where a thread is old and the server has #{quirk}", :assistants_only do
          server.quirk(quirk)
          server.quirk(:json_for_stream)
          server.answer("First.").answer("Second.").answer("Third.")
          id = call[:raw][:thread_id]
          expect(call(thread_id: id)[:text]).to eq("Second.")
          expect(call(thread_id: id)[:text]).to eq("Third.")
        end
      end

      it "copes with a failed run's event of three fields", :common do
        server.quirk(:short_failed_event)
        server.ends_with("failed", last_error: { code: "server_error", message: "It broke." })
        raised = failure
        run = runs_at_server.first
        expect(raised).to be_instance_of(error).and have_attributes(
          message: "Assistant run failed: It broke.", code: "server_error", run_id: run.id, thread_id: run.thread_id
        )
      end

      it "copes with a failed run in an answer 200", :common do
        server.quirk(:failed_200)
        expect(failure.message).to match(/\AAssistant run failed: The (run|response) failed at once\.\z/)
        expect([run_requests.size, runs_at_server.size]).to eq([1, 1])
      end

      it "copes with a create that already asks for tool outputs", :common do
        server.quirk(:blocking_create)
        server.quirk(:json_for_stream)
        server.calls_tool("lookup", {}, then_answer: ->(out) { out["lookup"] })
        expect(call(tools: { "lookup" => ->(_) { "found" } })[:text]).to eq("found")
        expect([run_requests.size, runs_at_server.size]).to eq([flow.started(tools: 1)] * 2)
      end

      it "copes with a stream that starts over after tool outputs", :assistants_only do
        server.quirk(:restarted_stream)
        server.calls_tool("lookup", {}).answer("found")
        result = call(tools: { "lookup" => ->(_) { "x" } })
        expect(result).to include(text: "found")
        expect(result[:raw][:run_id]).to eq(runs_at_server.first.id)
        expect(runs_at_server.size).to eq(1)
      end

      it "reports a 404 of the threads' paths as what it is", :assistants_only do
        server.fails_with(404, on: %r{/threads}, times: 9)
        expect(failure).to be_instance_of(error).and have_attributes(status: 404, retryable?: false)
        expect(run_requests.size).to be <= 1
      end

      {
        error_minimal: "It can't be.", error_string: "It can't be.", error_message: "It can't be.",
        error_list: "It can't be.", error_problem: "It can't be.", error_text: "It can't be.",
        error_html: "an HTML page"
      }.each do |quirk, said|
        it "reads errors in the shape #{quirk}", :common do
          server.quirk(quirk)
          # Refused by the local server itself, so that the quirk shapes the answer.
          options, refusal = flow.refused
          raised = failure_of { call(**options) }
          reason = quirk == :error_html ? said : refusal
          expect(raised).to be_instance_of(error).and have_attributes(status: 400, retryable?: false)
          expect(raised.message).to start_with("Failed to run assistant: #{reason}")
          expect(raised.request_id).to match(/\Areq_/)
        end
      end

      {
        '{"error":{"message":"It can\'t be.","type":"t","code":"c"}}' => "It can't be.",
        '{"error":"It can\'t be."}' => "It can't be.",
        '{"message":"It can\'t be."}' => "It can't be.",
        '{"detail":"It can\'t be."}' => "It can't be.",
        '{"detail":[{"loc":["body"],"msg":"It can\'t be."}]}' => "It can't be.",
        '{"success":false,"error":[{"message":"It can\'t be."}]}' => "It can't be.",
        '{"errors":["It can\'t be."]}' => "It can't be.",
        '{"type":"about:blank","title":"It can\'t be.","status":400}' => "It can't be.",
        "It can't be.\n" => "It can't be.",
        "<html><head><title>502 Bad Gateway</title></head></html>" => "an HTML page: 502 Bad Gateway",
        "<html></html>" => "an HTML page",
        "null" => "null",
        "" => "the server gave no reason"
      }.each do |body, said|
        it "reads from the error #{body.inspect} that #{said}", :common do
          server.fails_with(400, on: flow.starting, body: body, headers: { "x-request-id" => "req_1" })
          expect(failure.message).to eq("Failed to run assistant: #{said} (HTTP 400, request req_1)")
        end
      end
    end
  end
end
