# frozen_string_literal: true

require_relative "../support/flows"
require_relative "shared/failures"
require_relative "shared/options"
require_relative "shared/results"

# The contract of PromptTracker::OpenaiAssistantService.call, the same for every way in which the call is made.
RSpec.shared_examples "an assistant call" do |flow|
  include_context "with a flow", flow

  include_examples "the result of an assistant call", flow
  include_examples "the failures of an assistant call", flow
  include_examples "the options of an assistant call", flow
end

RSpec.describe PromptTracker::OpenaiAssistantService, :server do
  (Flows::ALL + Flows::RESPONSES).each do |flow|
    describe flow.name, wire: flow.wire do
      if flow.missing
        it("behaves like an assistant call") { skip flow.missing }
      else
        it_behaves_like "an assistant call", flow
      end
    end
  end
end
