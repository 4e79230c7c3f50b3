# frozen_string_literal: true

RSpec.describe PromptTracker::Native::Services do
  it "has the two services under names of its own" do
    expect(described_class.home).to be(PromptTracker)
    expect(described_class::OpenaiAssistantService).to be(PromptTracker::OpenaiAssistantService)
    expect(described_class::LlmClientService).to be(PromptTracker::LlmClientService)
  end

  describe "in a process of its own", :child_process do
    # Prints the message of what requiring the gem raises.
    def error_with(before)
      script = <<~RUBY
        #{before}
        begin
          require "prompt_tracker/native"
        rescue StandardError => e
          puts "\#{e.class}: \#{e.message}"
        end
        $stdout.flush
        exit!(true)
      RUBY
      run_child("", before: script).tap { |outcome| expect(outcome).to be_clean, outcome.to_s }.out
    end

    it "says what to do where a class of the host's with another superclass is loaded already" do
      said = error_with(<<~RUBY)
        Record = Class.new
        module PromptTracker
          class OpenaiAssistantService < Record
          end
        end
      RUBY
      expect(said).to start_with("PromptTracker::Native::ConfigurationError: PromptTracker::OpenaiAssistantService is")
      expect(said).to include("is already there, a subclass of Record defined in -e:")
      expect(said).to include("Load prompt_tracker/native before it, or remove it.")
    end

    it "does so for one with the same superclass, too, and mixes nothing up" do
      said = error_with(<<~RUBY)
        module PromptTracker
          class LlmClientService
            def self.mine = true
          end
        end
      RUBY
      expect(said).to include("PromptTracker::LlmClientService is already there, a subclass of Object defined in -e:")
    end

    it "does so for a constant that is no class, and for one that is still to be loaded" do
      expect(error_with("module PromptTracker; LlmClientService = 1; end"))
        .to include("is already there, no class but a Integer defined in -e:")
      expect(error_with("module PromptTracker; autoload :LlmClientService, '/app/service.rb'; end"))
        .to include("is already there, to be autoloaded from /app/service.rb")
    end
  end
end
