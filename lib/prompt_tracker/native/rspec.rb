# frozen_string_literal: true

begin
  require "rspec/core"
  require "rspec/expectations"
rescue LoadError => e
  raise LoadError, "prompt_tracker/native/rspec needs the rspec gem: add `gem \"rspec\"` to the test group of the " \
                   "Gemfile (#{e.message})"
end

require "prompt_tracker/native"
require_relative "rspec/example_server"
require_relative "rspec/have_asked_assistant"
require_relative "rspec/stubbed_assistants"

module PromptTracker
  module Native
    # For RSpec suites: assistants that answer in memory, with no socket and no server, through the code that also
    # reads a server's bytes; and examples that have a {LocalServer}. `require "prompt_tracker/native/rspec"` adds them
    # to every example, and cleans up after each.
    #
    # @example
    #   it "shows what the assistant says" do
    #     stub_assistant("asst_weather").to_answer("It is sunny.", usage: { prompt_tokens: 9, completion_tokens: 4 })
    #     expect(WeatherReport.new("Berlin").to_s).to include("sunny")
    #     expect(PromptTracker).to have_asked_assistant("asst_weather").with(/Berlin/).once
    #   end
    # @example With a server, to which WebMock and VCR let this gem's requests pass
    #   it "asks", :assistant_server do
    #     assistant_server.answer("It is sunny.")
    #     …
    #   end
    module RSpecHelpers
      # Says what an assistant does in this example. While any is stubbed, a call of another one fails; threads,
      # conversations and responses that the app names exist.
      #
      # @param assistant_id [String] "asst_…"
      # @return [AssistantStub] tell it what to do; without that it answers with the built-in assistant's words. A
      #   second stub of the same id takes the first one's place.
      # @example
      #   stub_assistant("asst_1").to_answer("Hello!").then.to_fail("Quota exceeded", code: "rate_limit_exceeded")
      def stub_assistant(assistant_id)
        RSpecHelpers.assistants.stub(assistant_id)
      end

      # Matches where the assistant was asked in this example or, with a block, in that block: at least once, or as
      # often as is said. What was asked through a test double does not count.
      #
      # @param assistant_id [String] "asst_…"
      # @return [HaveAskedAssistant] with `with(prompt)`, `once`, `twice`, `times(n)`, `at_least(n)` and `at_most(n)`
      # @example
      #   expect(PromptTracker).to have_asked_assistant("asst_1").with("Hello!").once
      #   expect { job.perform }.not_to have_asked_assistant("asst_1")
      def have_asked_assistant(assistant_id) # rubocop:disable Naming/PredicatePrefix
        HaveAskedAssistant.new(assistant_id, RSpecHelpers.assistants)
      end

      # @return [StubbedAssistants] those of the example that is running
      def self.assistants
        @assistants ||= StubbedAssistants.new
      end
    end
  end
end

RSpec.configure do |config|
  helpers = PromptTracker::Native::RSpecHelpers
  config.include helpers
  config.include helpers::ExampleServer, :assistant_server

  # Around all hooks of the app: what is prepended last runs first.
  config.prepend_before(:each, :assistant_server) { point_at_assistant_server }
  config.prepend_before { helpers.assistants.begin }
  config.append_after(:each, :assistant_server) { leave_assistant_server }
  config.append_after { helpers.assistants.end }
  config.after(:suite) { helpers::ExampleServer.stop }
end
