# frozen_string_literal: true

require "logger"
require "stringio"
require_relative "support"

RSpec.describe "Logging", :server do
  let(:out) { StringIO.new }

  def log(level: nil, **settings)
    logger = Logger.new(out, formatter: ->(severity, _, _, message) { "#{severity} #{message}\n" })
    PromptTracker::Native.configure do |c|
      c.logger = logger
      c.log_level = level if level
      settings.each { |name, value| c.public_send(:"#{name}=", value) }
    end
  end

  def lines = out.string.lines(chomp: true)

  it "is off by default" do
    expect { ask }.not_to output.to_stderr
    expect(PromptTracker::Native.configuration.logger).to be_nil
  end

  it "writes one line a call, without prompt, answer or key" do
    log
    text = ask[:text]
    expect(lines).to contain_exactly(
      /\AINFO prompt_tracker-native: asst_1 answered in \d+ ms, completed, gpt-4o, 22\+31 tokens, 1 request, thread_id=/
    )
    expect(out.string).to match(/ run_id=run_\w+, request_id=req_\w+$/)
    [text, "Hello!", SharedServer::KEY].each { |secret| expect(out.string).not_to include(secret) }
  end

  it "writes one line a retry, at level warn" do
    log
    server.fails_with(503, times: 1, headers: { "retry-after-ms" => "10" })
    ask
    expect(lines.size).to eq(2)
    expect(lines.first).to match(%r{\AWARN prompt_tracker-native: POST [\d.:]+/threads/runs failed, attempt 1: })
      .and include("the server is overloaded; again in 0.01 s, HTTP 503, request_id=req_")
    expect(lines.last).to include("1 request, 1 retry")
  end

  it "writes a failed call at level error, by class and status and without the server's words" do
    log
    server.fails_with(400, body: { error: { message: "You said Hello!", code: "bad_words" } })
    expect { ask }.to raise_error(PromptTracker::OpenaiAssistantService::AssistantError)
    expect(lines).to contain_exactly(/\AERROR .* asst_1 failed after \d+ ms, \S+AssistantError, HTTP 400, bad_words/)
    expect(out.string).not_to include("You said")
  end

  it "writes each request with its bodies at level debug, texts as their lengths" do
    log(level: :debug)
    ask
    expect(lines.size).to eq(2)
    expect(lines.first).to start_with("DEBUG prompt_tracker-native: POST ")
      .and include('"content":"[6 characters]"', '"assistant_id":"asst_1"', '"total_tokens":53')
    expect(out.string).not_to include("Hello!")
  end

  it "writes prompts and answers where the setting asks for them" do
    log(level: :debug, capture_content: true)
    text = ask[:text]
    expect(lines.first).to include('"content":"Hello!"')
    expect(lines.last).to include('prompt="Hello!"', "text=#{text.to_json}")
  end

  it "writes only what is as severe as the level" do
    log(level: :error)
    server.fails_with(503, times: 1, headers: { "retry-after-ms" => "1" })
    ask
    expect(lines).to be_empty
  end

  %i[assistants responses chat].each do |api|
    it "never writes the key, whatever a server repeats (#{api})" do
      log(level: :debug, capture_content: true, assistants: api == :responses ? { asst_1: { model: "gpt-4o" } } : nil)
      key = SharedServer::KEY
      server.fails_with(401, body: { error: { message: key, code: key, type: key }, id: key, model: key },
                             headers: { "x-request-id" => key })
      expect do
        api == :chat ? PromptTracker::LlmClientService.call(provider: "openai", model: "gpt-4o", prompt: "x") : ask
      end.to raise_error(PromptTracker::LlmClientService::ApiError)
      expect(lines.size).to eq(2)
      expect(out.string).not_to include(key)
    end
  end

  it "takes the gem's warnings, which then are not on the standard error" do
    log
    expect { PromptTracker::Native.configure { |c| c.verify_tls = false } }.not_to output.to_stderr
    expect(lines).to contain_exactly(/\AWARN prompt_tracker-native: WARNING: verify_tls is false/)
  end

  it "says once that a logger fails, and lets the call go on" do
    log
    broken = PromptTracker::Native.configuration.logger
    def broken.info(_text) = raise(IOError, "closed stream")
    PromptTracker::Native::Observation::Logging.instance_variable_set(:@failed, nil)
    expect { expect([ask, ask]).to all(include(:text)) }
      .to output("prompt_tracker-native: config.logger fails: closed stream (IOError)\n").to_stderr
  end

  it "refuses what is no logger" do
    expect { PromptTracker::Native.configure { |c| c.logger = $stdout } }
      .to raise_error(ArgumentError, "logger must be nil or a Logger: it lacks debug, info, warn, error")
    expect do
      PromptTracker::Native.configure do |c|
        c.log_level = :loud
      end
    end.to raise_error(ArgumentError, /one of :debug/)
  end
end

RSpec.describe "Rails' log", :server, :child_process, :observability do
  it "gets calls, retries and requests by the log subscriber" do
    server.fails_with(429, times: 1, headers: { "retry-after-ms" => "1" })
    written = in_app(<<~RUBY)
      require "logger"
      require "stringio"
      require "prompt_tracker/native/log_subscriber"
      out = StringIO.new
      ActiveSupport::LogSubscriber.logger = Logger.new(out, formatter: ->(severity, _, _, text) { severity + text + "\\n" })
      PromptTracker::Native::LogSubscriber.attach_to :prompt_tracker_native
      ask
      puts JSON.generate(out.string.gsub(/\\e\\[\\d*m/, "").lines)
    RUBY
    expect(written).to match([%r{\AWARN  PromptTracker  POST \S+/threads/runs failed, attempt 1},
                              %r{\ADEBUG  PromptTracker  POST \S+/threads/runs 200 in \d+ ms, 2 attempts},
                              /\AINFO  PromptTracker  asst_1 answered in \d+ ms/])
    expect(written.join).not_to include("Hello!")
  end

  it "can't be had without ActiveSupport, and says so" do
    outcome = run_child("require \"prompt_tracker/native/log_subscriber\"")
    expect(outcome.err).to include("needs the activesupport gem, to write calls to Rails' log (LoadError)")
  end
end
