# frozen_string_literal: true

require "pp"
require "stringio"

# What a person at a console sees.
RSpec.describe "At a console", :server do
  def shown(object)
    out = StringIO.new
    expect(PromptTracker::Native.show(object, out: out)).to be_nil
    out.string
  end

  it "a result stays a plain Hash" do
    result = ask
    expect(result).to be_an_instance_of(Hash)
    expect(result.singleton_methods).to be_empty
    expect(result.inspect).to eq({}.merge(result).inspect)
  end

  it "show prints what matters of a result" do
    result = ask
    run = result[:raw]
    expect(shown(result)).to eq("#{result[:text]}\n-- asst_1: completed, gpt-4o, 22+31 tokens, " \
                                "thread_id=#{run[:thread_id]}, run_id=#{run[:run_id]}\n")
  end

  it "show prints chat, results of several calls, and their errors" do
    chat = PromptTracker::LlmClientService.call(provider: "openai", model: "gpt-4o", prompt: "Hi", temperature: nil)
    server.fails_with(400)
    error = failure_of { ask }
    lines = shown([chat, error]).lines
    expect(lines).to match([/\w/, /\A-- gpt-4o: \d+\+\d+ tokens$/,
                            /\A#<PromptTracker::OpenaiAssistantService::AssistantError: Failed to run/,
                            /\A  caused by #<PromptTracker::Native::HTTPError: /])
  end

  it "show says what it takes" do
    [nil, "text", {}, Object.new].each do |object|
      expect { PromptTracker::Native.show(object) }.to raise_error(ArgumentError, /\Ashow takes a result/)
    end
  end

  it "an error is its message, and the ids that are known" do
    server.ends_with("expired")
    error = failure_of { ask }
    expect(error.inspect).to eq("#<PromptTracker::OpenaiAssistantService::AssistantError: Assistant run expired " \
                                "(thread_id=#{error.thread_id} run_id=#{error.run_id})>")
    expect(PP.pp(error, +"", 1000).chomp).to eq(error.inspect)
  end

  it "an error says whether it is worth another try, and its code" do
    PromptTracker::Native.configure { |c| c.max_retries = 0 }
    server.fails_with(429, body: { error: { message: "Slow down", code: "rate_limit_exceeded" } })
    expect(failure_of { ask }.inspect).to match(/Slow down \(HTTP 429.*\) \(code=rate_limit_exceeded retryable\)>\z/)
  end

  it "an error with a long message is short, and one without any is its class" do
    long = PromptTracker::Native::Error.new("x\n  " * 5000)
    expect(long.inspect.size).to be < 400
    expect(long.inspect).not_to include("\n")
    expect(PromptTracker::Native::Error.new("").inspect).to eq("PromptTracker::Native::Error")
  end

  it "services, clients, answers and conversations are short, and say nothing of what is asked" do
    service = PromptTracker::OpenaiAssistantService.new(assistant_id: "asst_1", prompt: "Hello!")
    chat = PromptTracker::LlmClientService.new(model: "gpt-4o", prompt: "Hello!")
    client = PromptTracker::Native::Client.new
    answer = client.transport.request(:get, "/models")
    expect(service.inspect).to eq("#<PromptTracker::OpenaiAssistantService asst_1 timeout=60>")
    expect(chat.inspect).to eq("#<PromptTracker::LlmClientService gpt-4o>")
    expect(client.threads.inspect).to eq("#<PromptTracker::Native::Client::Threads #{server.url}>")
    expect(answer.inspect).to match(/\A#<PromptTracker::Native::Answer 200 \d+ bytes>\z/)
    expect([client, client.transport].map(&:inspect)).to all(satisfy { |text| text.size < 400 })
  end
end
