# frozen_string_literal: true

require_relative "../support/flows"

# Answers that can't be used: a clear error that keeps what is known, or the answer by another way.
RSpec.describe PromptTracker::OpenaiAssistantService, "with bad answers", :server do
  error = described_class::AssistantError

  (Flows::OWN + Flows::RESPONSES).each do |flow|
    describe flow.name, wire: flow.wire do
      include_context "with a flow", flow

      def failure = failure_of { call }

      {
        "no JSON" => "Hello!", "truncated JSON" => "{\"id\":\"run_1\",\"stat", "an HTML page" => "<html>Welcome</html>",
        "an Array" => "[]", "a number" => "1", "null" => "null", "nothing" => "", "white space" => " \n",
        "an empty object" => "{}", "an id that is no String" => "{\"id\":1}", "an empty id" => "{\"id\":\"\"}",
        "broken UTF-8" => "{\"id\":\"run_\xFF\"".b, "a NUL" => "\0", "a lone quote" => "\""
      }.each do |name, body|
        it "fails where starting a run is answered 200 with #{name}", :common do
          server.raw(on: flow.starting, body: body)
          raised = failure
          expect(raised).to be_instance_of(error)
          expect(raised.message).to start_with("Failed to run assistant: ").and be_valid_encoding
          expect(raised.message.length).to be < 600
          expect(run_requests.size).to eq(1)
        end
      end

      it "says what the server said where an answer 200 is a refusal", :common do
        server.raw(on: flow.starting, body: { error: { message: "It can't be." } })
        expect(failure.message).to eq("Failed to run assistant: It can't be.")
      end

      it "quotes only the beginning of a long answer, and no key in it", :common do
        server.raw(on: flow.starting, body: "#{SharedServer::KEY} #{"x" * 100_000}")
        raised = failure
        expect(raised.message.length).to be < 600
        expect(raised.full_message).not_to include(SharedServer::KEY)
      end

      it "goes by what an answer holds where its content type is wrong", :common do
        server.quirk(:wrong_content_type)
        server.answer("It is sunny.")
        expect(call[:text]).to eq("It is sunny.")
      end

      ["application/octet-stream", "text/html", "application/json", ""].each do |type|
        it "goes by what an error holds where its content type is #{type.inspect}", :common do
          server.fails_with(400, on: flow.starting, body: "{\"error\":{\"message\":\"It can't be.\"}}",
                                 headers: { "content-type" => type })
          expect(failure.message).to start_with("Failed to run assistant: It can't be. (HTTP 400")
        end
      end

      [301, 302, 303, 307, 308].each do |status|
        it "does not follow a redirect #{status} with the key to another host", :common do
          PromptTracker::Native::LocalServer.start do |other|
            server.quirk(:redirect, to: other.url, status: status)
            raised = failure
            expect(raised).to be_instance_of(error).and have_attributes(status: status)
            expect(raised.message).to include("redirects to", other.url.delete_suffix("/v1"), "not followed")
            expect(other.requests).to eq([])
          end
        end
      end

      it "takes compressed answers", :common do
        server.quirk(:gzip, always: true)
        server.answer("Sun. " * 5000)
        expect(call[:text].length).to eq(25_000)
      end

      it "fails where an answer says it is compressed and is not", :common do
        server.raw(on: flow.starting, headers: { "content-encoding" => "gzip" }, body: "{\"id\":\"run_1\"}")
        raised = failure
        expect(raised).to be_instance_of(error)
        expect(raised.message).to start_with("Failed to run assistant: ")
      end

      it "fails where an answer ends before its content-length", :common do
        server.quirk(:cut_body)
        server.quirk(:json_for_stream)
        raised = failure
        expect(raised).to be_instance_of(error)
        expect(raised.message).to match(/ended before it was whole.*may have been (started|carried out)/)
      end

      it "fails over the limit of an answer's bytes, and names the setting", :common do
        PromptTracker::Native.configure { |c| c.max_body_bytes = 10_000 }
        server.quirk(:big_body, bytes: 50_000)
        raised = failure
        expect(raised).to be_instance_of(error)
        expect(raised.message).to include("10000 bytes (max_body_bytes)")
        expect(raised.cause).to be_a(PromptTracker::Native::AnswerError)
      end

      it "counts decoded bytes, so that a small bomb is no big answer", :common do
        PromptTracker::Native.configure { |c| c.max_body_bytes = 100_000 }
        bomb = Zlib.gzip("{\"id\":\"#{"0" * 5_000_000}\"}")
        expect(bomb.bytesize).to be < 10_000
        server.raw(on: flow.starting, headers: { "content-encoding" => "gzip" }, body: bomb)
        expect(failure.message).to include("max_body_bytes")
      end

      it "takes an answer that is just as large as it may be", :common do
        server.quirk(:big_body, bytes: 200_000)
        PromptTracker::Native.configure { |c| c.max_body_bytes = 250_000 }
        expect(call[:text]).to be_a(String)
      end

      describe "runs and messages that are asked for", :assistants_only do
        {
          "no data" => {}, "data that is no list" => { data: 1 }, "an empty list" => { data: [] },
          "a list of nothing" => { data: [nil, 1, "x", []] }, "only the user's message" => { data: [{ role: "user" }] },
          "another run's message" => { data: [{ role: "assistant", run_id: "run_other", content: [] }] }
        }.each do |name, body|
          it "fails with the run's ids where the messages are #{name}" do
            server.quirk(:json_for_stream)
            server.raw(on: "GET /threads/{}/messages", body: body, times: 9)
            raised = failure
            run = runs_at_server.first
            expect(raised).to be_instance_of(error).and have_attributes(run_id: run.id, thread_id: run.thread_id)
            expect(raised.message).to start_with("Failed to retrieve response: ")
          end
        end

        {
          "null" => nil, "missing" => :missing, "a String" => "It is sunny.", "null in a list" => [nil],
          "a block without text" => [{ type: "text" }], "text: null" => [{ type: "text", text: nil }],
          "a number for text" => [{ type: "text", text: 5 }], "an unknown block" => [{ type: "hologram", hologram: {} }]
        }.each do |name, content|
          it "crashes on no content: #{name}" do
            server.quirk(:json_for_stream)
            message = { id: "msg_1", role: "assistant", content: content }
            message.delete(:content) if content == :missing
            server.raw(on: "GET /threads/{}/messages", body: { data: [message] })
            expect(call[:text]).to eq(content.is_a?(String) ? content : nil)
          end
        end

        {
          "no status" => {}, "a status that is no String" => { status: 1 },
          "an unknown status" => { status: "dreaming" }
        }.each do |name, run|
          it "goes on asking for a run with #{name}" do
            server.quirk(:json_for_stream)
            server.raw(on: "GET /threads/{}/runs/{}", body: { id: "run_1" }.merge(run), times: 3)
            expect(call[:text]).to be_a(String)
          end
        end

        it "fails where asking for a run is answered with no JSON, and keeps the ids" do
          server.quirk(:json_for_stream)
          server.raw(on: "GET /threads/{}/runs/{}", body: "<html>Welcome</html>", times: 9)
          raised = failure
          expect(raised.message).to start_with("Error waiting for completion: ")
          expect(raised.run_id).to eq(runs_at_server.first.id)
        end

        {
          "no tool calls" => {}, "null" => nil, "an empty list" => { submit_tool_outputs: { tool_calls: [] } },
          "a call without a name" => { submit_tool_outputs: { tool_calls: [{ id: "call_1", function: {} }] } }
        }.each do |name, action|
          it "fails where a run asks for tool outputs with #{name}" do
            server.quirk(:json_for_stream)
            body = { id: "run_1", status: "requires_action", required_action: action }
            server.raw(on: "GET /threads/{}/runs/{}", body: body)
            raised = failure_of { call(tools: { "lookup" => ->(_) { "x" } }) }
            expect(raised).to be_instance_of(error)
            expect(raised.message).to start_with("Assistant requires action: ")
          end
        end
      end
    end
  end

  (Flows::OWN + Flows::RESPONSES).select(&:streams?).each do |flow|
    describe "#{flow.name}, in the stream", wire: flow.wire do
      include_context "with a flow", flow

      it "asks for a run whose last event is damaged", :assistants_only do
        server.quirk(:truncated_json)
        server.answer("It is sunny.", delay: 0.2)
        mended = Thread.new do
          eventually { requests.any? }
          sleep 0.05
          server.quirks = []
        end
        expect(call[:text]).to eq("It is sunny.")
        mended.join
        expect(request_lines).to include("GET /threads/{}/runs/{}")
        expect(runs_at_server.size).to eq(1)
      end

      it "fails where events hold no JSON and no run", :assistants_only do
        server.raw(on: flow.starting, headers: { "content-type" => "text/event-stream" },
                   body: "event: thread.run.created\ndata: {\"id\":\n\nevent: done\ndata: [DONE]\n\n")
        expect(failure_of { call }.message).to match(/\AFailed to run assistant: .*one may have been started/)
      end

      it "skips events that are nothing of its own", :common do
        server.raw(on: flow.starting, headers: { "content-type" => "text/event-stream" },
                   body: ": hi\n\ndata\n\ndata: 1\n\nevent: x\n\nevent: thread.run.completed\ndata: []\n\n" \
                         "event: error\ndata: overloaded\n\n")
        expect(failure_of { call }.message).to eq("Failed to run assistant: overloaded")
      end

      it "fails over the limit in the middle of a stream", :common do
        PromptTracker::Native.configure { |c| c.max_body_bytes = 20_000 }
        server.answer("x" * 100_000)
        raised = failure_of { call }
        expect(raised).to be_instance_of(error)
        expect(raised.message).to include("max_body_bytes")
      end
    end
  end
end
