# frozen_string_literal: true

require_relative "../support/flows"

# What a server puts into ids and messages is data: it neither breaks a message nor leaves its place in a path.
RSpec.describe PromptTracker::OpenaiAssistantService, "with odd texts from a server", :server do
  Flows::OWN.each do |flow|
    describe flow.name, wire: flow.wire do
      include_context "with a flow", flow

      it "shows messages with a NUL in them, without it", :common do
        server.ends_with("failed", last_error: { code: "a\0", message: "b\0c" })
        expect(failure_of { call }.message).to eq("Assistant run failed: bc")
      end

      it "shows the message of an error with a NUL in it", :common do
        server.fails_with(400, body: { error: { message: "x\0y" } }, on: flow.starting)
        expect(failure_of { call }.message).to start_with("Failed to run assistant: xy (HTTP 400")
      end

      ["run_\0", "../threads", "run 1", "run_1?x", "run#1"].each do |id|
        it "takes #{id.inspect} for no id", :common do
          server.raw(on: flow.starting, body: { id: id, thread_id: id, status: "queued" })
          expect(failure_of { call }.message).to match(/\AFailed to run assistant: the server's answer has no/)
        end
      end
    end
  end
end
