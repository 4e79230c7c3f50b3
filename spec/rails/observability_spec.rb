# frozen_string_literal: true

require_relative "support/rails_app"

RSpec.describe "What a Rails app is told of its calls" do
  include RailsApp

  before(:context) do
    need_rails_app
    @server = PromptTracker::Native::LocalServer.start
  end

  after(:context) { @server&.stop }

  { "first" => "ENGINE_OPENAI_KEY is set", "newer" => "api_key_for(:openai) is set" }.each do |generation, place|
    describe "beside the engine's #{generation} generation" do
      before(:context) { @told = run_app("observed", has: "native,#{generation}", server: @server) }

      attr_reader :told

      it "stands in Rails' log, without the prompt" do
        expect(told["log"]).to include(/\AINFO\s+PromptTracker  asst_elsewhere answered in \d+ ms, completed, /)
          .and include(/\ADEBUG\s+PromptTracker  POST \S+ 200 in \d+ ms, 1 attempt/)
        expect(told["log"].join).not_to include("Hello!")
      end

      it "is an event" do
        expect(told["events"]).to include("call.prompt_tracker_native" => 1,
                                          "request.prompt_tracker_native" => be_positive)
        expect(told["call"]).to include("assistant_id" => "asst_elsewhere", "run_status" => "completed",
                                        "usage" => include("total_tokens" => be_positive))
      end

      it "is looked at by the doctor, whose report does not show the key" do
        expect(told["doctor"]).to include("ok" => true)
        expect(told["doctor"].to_s).not_to include(RailsApp::KEY)
        expect(told["doctor"].to_s).to include("railties ", place)
      end
    end
  end
end
