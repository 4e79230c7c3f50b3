# frozen_string_literal: true

require_relative "../process/support/stress"
require_relative "../wire/support/shared_data"
require_relative "support/cutter"

# A stream that ends after N bytes, head and framing counted, for every N.
RSpec.describe PromptTracker::OpenaiAssistantService, "with an answer that is cut at byte N", :server, :child_process do
  # OpenAI's own bytes where they are at hand, the local server's where they aren't.
  def bytes_of(name)
    recording = Wire::SharedData.recorded(name).find { |exchange| exchange.stream? && exchange.status == 200 }
    recording ? recording.answer : yield
  end

  def events(body) = Wire::EventStream.read(body)

  def own_stream(path, body)
    server.answer("It is sunny 🌞.")
    raw = +""
    client = PromptTracker::Native::Client.new
    client.transport.stream(:post, path, JSON.generate(body), { "OpenAI-Beta" => "assistants=v2" }, 5) do |event, data|
      raw << "event: #{event}\ndata: #{data}\n\n"
    end
    raw
  end

  def run_stream
    body = bytes_of("runs_streamed_create") do
      own_stream("/threads/runs", assistant_id: "asst_1", stream: true, thread: { messages: [] })
    end
    run = Wire::EventStream.data(body, /\Athread\.run\.(completed|incomplete)\z/).last
    message = Wire::EventStream.data(body, /\Athread\.message\.(completed|incomplete)\z/).last
    Faults::Recorded.new(body, naming: "thread.run.created", text: message["content"][0]["text"]["value"]) do |path|
      path.include?("/messages") ? { object: "list", data: [message] } : run
    end
  end

  def response_stream
    body = bytes_of("responses_stream") { own_stream("/responses", model: "gpt-4o", input: "Hi", stream: true) }
    response = Wire::EventStream.data(body, /\Aresponse\.(completed|incomplete)\z/).last["response"]
    text = response["output"].flat_map { |item| item["content"].to_a }.map { |part| part["text"] }.join
    Faults::Recorded.new(body, naming: "response.created", text: text) { response }
  end

  # What became of the call that was cut after each of so many bytes: :answer, :may_have_started, or what else it said.
  def outcomes_of(recorded, counts, block: false, reset: false)
    cutter = Faults::Cutter.new(recorded, reset: reset)
    out = expect_clean(<<~RUBY, env: { "OPENAI_BASE_URL" => cutter.url, "PTN_TEXT" => recorded.text })
      PromptTracker::Native.configure do |c|
        c.assistants = ->(id) { { model: "gpt-4o" } if id == "asst_known" }
        c.poll_interval = 0.005
      end
      id = #{recorded.wire.include?("response.created")} ? "asst_known" : "asst_1"
      whole = ENV.fetch("PTN_TEXT").dup.force_encoding("UTF-8")
      counts = Queue.new
      #{counts.to_a}.each { |count| counts << count }
      outcomes = Queue.new
      Array.new(8) do
        Thread.new do
          while (count = counts.pop(true) rescue nil)
            shown = +""
            begin
              block = ->(delta) { shown << delta } if #{block}
              result = ask(assistant_id: id, prompt: "cut at \#{count}", timeout: 20, &block)
              right = result[:text] == whole && whole.start_with?(shown) && result[:raw][:run_id]
              outcomes << [count, right ? "answer" : result.inspect]
            rescue PromptTracker::OpenaiAssistantService::AssistantError => e
              said = e.message.match?(/may have been started/) && e.run_id.nil? && !e.retryable?
              outcomes << [count, said ? "may_have_started" : e.message]
            end
          end
        end
      end.each(&:join)
      require "json"
      puts JSON.generate(Array.new(outcomes.size) { outcomes.pop })
    RUBY
    expect(cutter.started).to eq(counts.size) # each was asked for once
    JSON.parse(out).to_h { |count, outcome| [count, outcome.to_sym] }
  ensure
    cutter&.stop
  end

  # The event that names the run is complete with its empty line, or where the stream ends after its data.
  def expected(recorded, count)
    return [:answer] if count >= recorded.named

    count >= recorded.named - 2 ? %i[answer may_have_started] : [:may_have_started]
  end

  def expect_as_it_should_be(recorded, outcomes)
    wrong = outcomes.reject { |count, outcome| expected(recorded, count).include?(outcome) }
    expect(wrong).to eq({})
    expect(outcomes.values.uniq).to match_array(%i[answer may_have_started])
  end

  { "the Assistants wire" => :run_stream, "the Responses wire" => :response_stream }.each do |wire, stream|
    describe "on #{wire}" do
      let(:recorded) { send(stream) }

      it "has its answer from where the run is named on, and says before that one may have been started, for every N" do
        expect_as_it_should_be(recorded, outcomes_of(recorded, 0..recorded.wire.bytesize))
      end

      it "has given the block nothing that isn't in the answer" do
        counts = (0..recorded.wire.bytesize).step([17 / Stress::FACTOR, 1].max).to_a
        expect_as_it_should_be(recorded, outcomes_of(recorded, counts, block: true))
      end

      it "never mistakes what came for the whole, where the connection is reset" do
        counts = (0..recorded.wire.bytesize).step([7 / Stress::FACTOR, 1].max).to_a
        outcomes = outcomes_of(recorded, counts, reset: true)
        expect(outcomes.values.uniq - %i[answer may_have_started]).to eq([])
        early = outcomes.select { |count, _| count < recorded.named - 2 }
        expect(early.values.uniq).to eq([:may_have_started])
      end
    end
  end
end
