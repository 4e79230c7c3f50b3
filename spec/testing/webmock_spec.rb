# frozen_string_literal: true

require_relative "../support/suite_run"

# WebMock takes the place of other libraries' classes, so nothing of it is loaded here: test/suites/webmock has the
# examples.
RSpec.describe "prompt_tracker/native/webmock", :suite do
  stub = <<~RUBY
    ENV["OPENAI_API_KEY"] = "sk-any"
    ask = -> { PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_1", prompt: "Hello!") }
    try = lambda do
      ask.call
    rescue Exception => e
      puts "\#{e.class}: \#{e.message[0, 30]}"
    end
  RUBY
  enable = "WebMock.enable!; WebMock.disable_net_connect!; "
  refused = "WebMock::NetConnectNotAllowedError: Real HTTP connections are disa"

  def outcome_of(code) = run_ruby(SuiteRun::ROOT, "-w", "-e", code)

  it "does what its suite says" do
    outcome = run_suite("webmock")
    expect(outcome.count).to eq("42 examples, 0 failures"), outcome.out
    expect(outcome.warnings).to be_empty
  end

  {
    "after it" => "require 'prompt_tracker/native'; require 'webmock'; #{enable}",
    "before it" => "require 'webmock'; #{enable} require 'prompt_tracker/native'",
    "after it and its first call" => "require 'prompt_tracker/native'; " \
                                     "ENV['OPENAI_BASE_URL'] = 'http://127.0.0.1:1/v1'; #{stub}; " \
                                     "PromptTracker::Native.configure { |c| c.max_retries = 0 }; try.call; " \
                                     "ENV.delete('OPENAI_BASE_URL'); require 'webmock'; #{enable}",
    "by name" => "require 'prompt_tracker/native/webmock'; #{enable}"
  }.each do |order, code|
    it "finds a WebMock that is loaded #{order}" do
      outcome = outcome_of("#{code}; #{stub}; try.call")
      expect(outcome.out.lines.last.to_s.chomp).to eq(refused), outcome.out
      expect(outcome.warnings).to be_empty
    end
  end

  it "leaves a constant alone that is no WebMock, or that is not loaded" do
    code = "module WebMock; end; require 'prompt_tracker/native'; p PromptTracker::Native.interceptor; " \
           "Object.send(:remove_const, :WebMock); Object.autoload(:WebMock, '/nowhere'); " \
           "p PromptTracker::Native.interceptor"
    expect(outcome_of(code).out.lines.last(2).map(&:chomp)).to eq(%w[nil nil])
  end

  it "is not loaded where WebMock isn't" do
    code = "require 'prompt_tracker/native'; " \
           "p PromptTracker::Native.interceptor, $LOADED_FEATURES.grep(%r{native/webmock})"
    expect(outcome_of(code).out.lines.last(2).map(&:chomp)).to eq(%w[nil []])
  end

  it "says which gem it needs" do
    command = [RbConfig.ruby, "--disable-gems", "-I", SuiteRun::LIB, "-e", "require 'prompt_tracker/native/webmock'"]
    out, status = Open3.capture2e({ "RUBYOPT" => nil }, *command)
    expect(status).not_to be_success
    expect(out).to include("needs the webmock gem: add `gem \"webmock\"`")
  end
end
