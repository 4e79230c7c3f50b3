# frozen_string_literal: true

# Requests that are answered in memory, in whichever way, and what they leave behind: nothing.
RSpec.describe "Answers in memory", :child_process do
  setup = <<~'RUBY'
    ENV["OPENAI_API_KEY"] = "sk-any"
    Answer = PromptTracker::Native::Interception::Answer

    EVENTS = [["thread.run.created", '{"id":"run_1","thread_id":"thread_1","status":"queued"}'],
              ["thread.message.completed",
               '{"id":"msg_1","role":"assistant","content":[{"type":"text","text":{"value":"It is sunny."}}]}'],
              ["thread.run.completed", '{"id":"run_1","thread_id":"thread_1","status":"completed"}'],
              ["done", "[DONE]"]].map { |name, data| "event: #{name}\ndata: #{data}\n\n" }.join

    class Interceptor
      WAYS = {
        whole: -> { Answer.new(body: EVENTS.dup, headers: { "X-Request-Id" => ["req_1", "req_2"] }) },
        cut: -> { Answer.new(body: EVENTS[0, 100], ending: :lost) },
        refused: -> { Answer.new(status: 503, body: "Busy") },
        gone: -> { Answer.new(status: 0, ending: :connect, reason: "no route") },
        late: -> { Answer.new(status: 0, ending: :deadline, overdue: true) },
        instead: -> { RuntimeError.new("in the network's place") },
        raised: -> { raise "by itself" },
        wrong: -> { Answer.new(ending: :nonsense) },
        out: -> { raise NotImplementedError, "no StandardError" }
      }
      attr_accessor :way
      def answer(_request) = WAYS.fetch(way).call
      def observe(*) = nil
      def repeats?(_request) = false
      def refusal?(_error) = false
      def classic? = false
    end

    INTERCEPTOR = Interceptor.new
    PromptTracker::Native::Interception.add(INTERCEPTOR)

    def outcome(way, **more, &block)
      INTERCEPTOR.way = way
      ask(**more, &block)[:text]
    rescue StandardError, NotImplementedError => e
      "#{e.class}: #{e.message}"
    end

    def all(**more, &block) = Interceptor::WAYS.keys.map { |way| outcome(way, **more, &block) }
    def fds = Dir.children("/proc/self/fd").size
  RUBY

  outcomes = <<~TEXT
    It is sunny.
    PromptTracker::OpenaiAssistantService::AssistantError: Error waiting for completion: the answer ended before it was whole (api.openai.com)
    PromptTracker::OpenaiAssistantService::AssistantError: Failed to run assistant: Busy (HTTP 503)
    PromptTracker::OpenaiAssistantService::AssistantError: Failed to run assistant: could not connect: no route (api.openai.com)
    PromptTracker::OpenaiAssistantService::AssistantError: Assistant run timed out after 60 seconds
    PromptTracker::OpenaiAssistantService::AssistantError: Failed to run assistant: in the network's place
    RuntimeError: by itself
    ArgumentError: no way for an answer to end: :nonsense
    NotImplementedError: no StandardError
  TEXT

  it "end a call as a server's would, or as they say" do
    expect(expect_clean("#{setup}puts all")).to eq(outcomes)
  end

  it "survive a collector that runs all the time, and one that moves things" do
    out = expect_clean(<<~RUBY)
      #{setup}
      all
      GC.stress = 5
      said = all
      GC.stress = false
      GC.verify_compaction_references(toward: :empty) if GC.respond_to?(:verify_compaction_references)
      puts said, all == said
    RUBY
    expect(out).to eq("#{outcomes}true\n")
  end

  it "hold no descriptor until the collector comes", if: File.directory?("/proc/self/fd") do
    out = expect_clean(<<~RUBY)
      #{setup}
      GC.disable
      2.times { all && all { nil } && all(flow: :polling) }
      before = fds
      50.times { all && all { nil } && all(flow: :polling) }
      p fds - before
    RUBY
    expect(out).to eq("0\n")
  end

  it "are asked for no more when the interceptor is gone" do
    out = expect_clean(<<~RUBY)
      #{setup}
      PromptTracker::Native::Interception.remove(INTERCEPTOR)
      p PromptTracker::Native.interceptor
      ENV["OPENAI_BASE_URL"] = "http://127.0.0.1:1/v1"
      PromptTracker::Native.configure { |c| c.max_retries = 0 }
      puts outcome(:whole)
    RUBY
    expect(out).to match(/\Anil\n.*could not connect/)
  end
end
