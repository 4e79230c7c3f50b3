# frozen_string_literal: true

require_relative "../support/flows"

# Which requests are sent again. One that starts a run is sent again only where the first can't have started one.
RSpec.describe PromptTracker::OpenaiAssistantService, "repeating requests", :server do
  error = described_class::AssistantError
  warned = /may have been carried out: a run may have been started/

  # What is waited between attempts; nothing really waits.
  let(:waits) { [] }

  before { allow(Kernel).to receive(:sleep) { |wait| waits << wait } }

  (Flows::OWN + Flows::RESPONSES).each do |flow|
    describe flow.name, wire: flow.wire do
      include_context "with a flow", flow

      def failure = failure_of { call }

      def expect_counts(asked, started)
        expect([run_requests.size, runs_at_server.size]).to eq([asked, started])
      end

      {
        "429" => [429, {}], "503" => [503, {}], "500 with the API's own error" => [500, {}],
        "503 with a page" => [503, { body: "<html>busy</html>" }]
      }.each do |name, (status, more)|
        it "sends it again after #{name}", :common do
          server.fails_with(status, on: flow.starting, **more)
          expect(call[:text]).to be_a(String)
          expect_counts(2, 1)
          expect(waits).to contain_exactly(be_between(0.37, 0.5))
        end
      end

      it "sends it again twice, then gives up", :common do
        server.fails_with(503, on: flow.starting, times: 9)
        expect(failure).to be_instance_of(error).and have_attributes(status: 503, retryable?: true)
        expect(failure.message).not_to match(warned)
        expect(waits.first(2)).to match([be_between(0.37, 0.5), be_between(0.75, 1)])
        expect(run_requests.size).to eq(6) # two calls
      end

      { "retry-after" => ["3", 3], "retry-after-ms" => ["1500", 1.5] }.each do |header, (value, wait)|
        it "waits as long as #{header} says", :common do
          server.fails_with(429, on: flow.starting, headers: { header => value })
          call
          expect(waits).to eq([wait])
          expect_counts(2, 1)
        end
      end

      it "does not wait longer than a minute", :common do
        server.fails_with(429, on: flow.starting, headers: { "retry-after" => "61" }, times: 9)
        expect(failure).to have_attributes(status: 429, retryable?: true)
        expect([waits, run_requests.size]).to eq([[], 1])
      end

      it "does not send it again where the quota is used up", :common do
        server.fails_with(429, on: flow.starting, body: { error: { message: "No money.", code: "insufficient_quota" } })
        expect(failure).to have_attributes(code: "insufficient_quota", retryable?: false)
        expect_counts(1, 0)
      end

      {
        "500 with another body" => [500, { body: "oops" }], "500 with an empty body" => [500, { body: "" }],
        "502" => [502, { body: "<html></html>" }], "504" => [504, { body: "" }], "524" => [524, { body: "" }],
        "502 with the API's own error" => [502, {}], "408" => [408, {}]
      }.each do |name, (status, more)|
        it "does not send it again after #{name}, and says why", :common do
          server.fails_with(status, on: flow.starting, **more)
          raised = failure
          expect(raised).to be_instance_of(error).and have_attributes(status: status, run_id: nil)
          expect(raised.message).to start_with("Failed to run assistant: ").and match(warned)
          expect_counts(1, 0)
        end
      end

      [400, 401, 403, 404, 409, 422].each do |status|
        it "does not send it again after #{status}, which is final", :common do
          server.fails_with(status, on: flow.starting)
          expect(failure).to have_attributes(status: status)
          expect(run_requests.size).to eq(1)
          expect(waits).to eq([])
        end
      end

      %i[close reset].each do |how|
        it "does not send it again where the connection is lost before the answer, by #{how}", :common do
          server.drops(on: flow.starting, how: how)
          raised = failure
          expect(raised).to be_instance_of(error).and have_attributes(status: nil, run_id: nil)
          expect(raised.message).to start_with("Failed to run assistant: ").and match(warned)
          expect(raised.cause).to be_a(PromptTracker::Native::ConnectionError)
          expect_counts(1, 0)
        end

        it "does not send it again where a warm connection is lost, by #{how}", :common do
          call
          server.reset
          server.drops(on: flow.starting, how: how)
          expect(failure.message).to match(warned)
          expect_counts(1, 0)
          expect(call[:text]).to be_a(String)
        end
      end

      it "sends it again after all that, where the setting allows it", :common do
        PromptTracker::Native.configure { |c| c.retry_ambiguous = true }
        server.fails_with(502, on: flow.starting).drops(on: flow.starting)
        expect(call[:text]).to be_a(String)
        expect_counts(3, 1)
      end

      it "sends nothing again where the setting forbids it", :common do
        PromptTracker::Native.configure { |c| c.max_retries = 0 }
        server.fails_with(503, on: flow.starting)
        expect(failure).to have_attributes(status: 503)
        expect_counts(1, 0)
      end

      it "tries again where no connection stood, and names the address", :common do
        port = TCPServer.open("127.0.0.1", 0) { |socket| socket.addr[1] }
        ENV["OPENAI_BASE_URL"] = "http://127.0.0.1:#{port}/v1"
        raised = failure
        expect(raised).to be_instance_of(error).and have_attributes(status: nil, retryable?: true)
        expect(raised.message).to include("127.0.0.1:#{port}")
        expect(raised.message).not_to match(warned)
        expect(raised.cause).to be_a(PromptTracker::Native::ConnectionError)
        expect(waits.size).to eq(2)
      end

      it "works on where the server has closed the warm connection meanwhile", :common do
        PromptTracker::Native::LocalServer.start do |first|
          ENV["OPENAI_BASE_URL"] = first.url
          call
          port = first.port
          first.stop
          PromptTracker::Native::LocalServer.start(port: port) do |second|
            expect(call[:text]).to be_a(String)
            expect(second.requests.count { |request| request.path.end_with?(flow.starting.split("/").last) }).to eq(1)
          end
        end
      end
    end
  end

  describe "that read" do
    include_context "with a flow", Flows::POLLED

    [408, 409, 429, 500, 502, 503, 504, 520].each do |status|
      it "happens after #{status}" do
        server.fails_with(status, on: "GET /threads/{}/runs/{}", body: "").fails_with(status, on: %r{GET .*/messages})
        expect(call[:text]).to be_a(String)
        expect(waits.size).to eq(2)
        expect(runs_at_server.size).to eq(1)
      end
    end

    %i[close reset].each do |how|
      it "happens where the connection is lost, by #{how}" do
        server.drops(on: "GET /threads/{}/runs/{}", how: how).drops(on: %r{GET .*/messages}, how: how)
        expect(call[:text]).to be_a(String)
        expect(runs_at_server.size).to eq(1)
      end
    end

    [400, 401, 403, 404].each do |status|
      it "does not happen after #{status}" do
        server.fails_with(status, on: "GET /threads/{}/runs/{}")
        expect { call }.to raise_error(error, /\AError waiting for completion: /)
        expect(waits).to eq([])
      end
    end

    it "adds no second message to the thread" do
      server.fails_with(503, on: "POST /threads/{}/messages")
      call
      messages = server.instance_variable_get(:@store).conversations.values.first.messages.values
      expect(messages.map(&:role)).to eq(%w[user assistant])
    end
  end
end
