# frozen_string_literal: true

# Calls while the collector does its worst, each in a process of its own.
RSpec.describe "The garbage collector", :server, :child_process do
  before do
    server.answer("It is sunny 🌞.", times: :always, assistant_id: "asst_1")
    server.quirk(:lone_surrogates)
    server.calls_tool("lookup", { city: "Berlin" }, then_answer: ->(out) { out["lookup"] }, assistant_id: "asst_tools")
    server.ends_with("failed", last_error: { code: "c", message: "It broke." },
                               times: :always, assistant_id: "asst_bad")
  end

  asks = {
    "streamed" => "ask[:text]",
    "with a block" => "[(s = +'') && ask { |delta| s << delta }[:text], s].uniq.join",
    "polling" => "ask(flow: :polling)[:text]",
    "with content parts" => "ask(prompt: [{ type: 'text', text: 'Hello!' }])[:text]",
    "in call_many" => "ask_many",
    "in call_many on Responses" => <<~RUBY.tr("\n", ";")
      PromptTracker::Native.configure { |c| c.assistants = { asst_1: { model: "m" } } }
      ask_many(metadata: { assistant_id: "asst_1" })
    RUBY
  }

  # Two calls in one batch; what they say is the same.
  def expect_clean(code)
    super(<<~RUBY)
      def ask_many(**more)
        calls = [{ assistant_id: "asst_1", prompt: "Hello!", **more }] * 2
        PromptTracker::OpenaiAssistantService.call_many(calls).map { |result| result[:text] }.uniq.join
      end
      #{code}
    RUBY
  end

  # A whole collection at each allocation takes its time: the longer calls have one of the young objects only (1), and
  # a whole one at each malloc (4).
  stressed = <<~RUBY
    ask # everything is loaded, and the connection stands
    def stressed(level = 5)
      GC.stress = level
      yield
    ensure
      GC.stress = false
    end
  RUBY

  it "may be run whole at each allocation of a call" do
    expect(expect_clean("#{stressed}puts stressed(true) { ask[:text] }")).to eq("It is sunny 🌞.\n")
  end

  asks.each do |name, call|
    it "may run at each allocation of a call, #{name}" do
      expect(expect_clean("#{stressed}puts(stressed { #{call} })")).to eq("It is sunny 🌞.\n")
    end
  end

  it "may run at each allocation of a call with tools" do
    call = "ask(assistant_id: 'asst_tools', tools: { 'lookup' => ->(a) { { city: a['city'] } } })[:text]"
    expect(expect_clean("#{stressed}puts stressed { #{call} }")).to eq("{\"city\":\"Berlin\"}\n")
  end

  { "a failed run" => "assistant_id: 'asst_bad'", "a failed run, polling" => "assistant_id: 'asst_bad', flow: :polling",
    "a refusal" => "temperature: 'hot'", "bad input" => "prompt: \"\\xFF\"" }.each do |name, keywords|
    it "may run at each allocation of an error: #{name}" do
      out = expect_clean(<<~RUBY)
        #{stressed}
        begin
          stressed { ask(#{keywords}) }
        rescue StandardError => e
          puts e.message
        end
      RUBY
      expect(out).to match(/It broke|Invalid type for 'temperature'|not valid UTF-8/)
    end
  end

  describe "compacting", if: GC.respond_to?(:compact) do
    compactable = "begin; GC.compact; rescue NotImplementedError; puts :no; exit; end\n"

    def expect_compacted(code, said)
      out = expect_clean(code)
      skip "this platform can't compact" if out == "no\n"
      expect(out).to eq(said)
    end

    asks.each do |name, call|
      it "may move every object, #{name}" do
        double = RUBY_VERSION < "3.2" ? "double_heap" : "expand_heap"
        expect_compacted(<<~RUBY, "It is sunny 🌞.\nIt is sunny 🌞.\n")
          #{compactable}
          verify = -> { GC.verify_compaction_references(#{double}: true, toward: :empty) }
          verify.call
          puts((#{call}))
          verify.call
          puts((#{call}))
        RUBY
      end
    end

    it "may go on while calls are in flight" do
      server.reset
      server.answer("It is sunny.", times: :always, delay: 0.05)
      expect_compacted(<<~RUBY, "[\"It is sunny.\"]\n")
        #{compactable}
        GC.auto_compact = true
        done = false
        threads = Array.new(4) do |i|
          Thread.new do
            Array.new(6) { |n| n.even? ? ask[:text] : ask(flow: i.even? ? :polling : nil) { nil }[:text] }
          end
        end
        compactor = Thread.new { GC.compact until done }
        texts = threads.flat_map(&:value)
        done = true
        compactor.join
        p texts.uniq
      RUBY
    end
  end
end
