# frozen_string_literal: true

require_relative "support"

RSpec.describe "prompt_tracker-native batch", :server, :batch do
  it "asks each prompt once, and writes each answer as a line of JSON" do
    prompts("One?", { id: "b", prompt: "Two?" }, "=", { id: 3, prompt: "Three?", assistant_id: "asst_3" })
    expect(batch("--concurrency", "2")).to eq(0), err
    expect(asked).to match_array(%w[One? Two? Three?])
    expect(results.sort_by { |line| line["index"] }).to match(
      [include("index" => 0, "text" => /One/, "model" => "asst_1", "run_id" => /\Arun_/, "thread_id" => /\Athread_/,
               "usage" => include("total_tokens" => be_positive), "input" => /\A\h{16}\z/),
       include("index" => 1, "id" => "b", "text" => /Two/), include("index" => 2, "id" => 3, "model" => "asst_3")]
    )
    expect(results.first.keys).not_to include("raw", "error")
    expect(out).to start_with("3 of 3 have a result: 3 answered and 0 failed now\n")
      .and match(/^\d+\+\d+ tokens, [\d.]+ s, [\d.]+ a second$/)
  end

  it "reads CSV" do
    File.write(file("prompts.csv"), "\uFEFFid,prompt,note\n7,\"Two\nlines?\",x\n\n8,\"Say \"\"hi\"\"\",y\n")
    expect(batch(from: "prompts.csv")).to eq(0), err
    expect(asked).to contain_exactly("Two\nlines?", "Say \"hi\"")
    expect(results.map { |line| line["id"] }).to match_array(%w[7 8])
  end

  it "gives options and a timeout of a prompt's own to its call, and raw answers where asked" do
    prompts({ prompt: "Hello!", options: { temperature: 0.25 }, timeout: 30 })
    expect(batch("--raw")).to eq(0), err
    expect(requests.first.body).to include("temperature" => 0.25)
    expect(results.first["raw"]).to include("run" => include("status" => "completed"))
  end

  it "asks a model by plain chat" do
    prompts("Hello!")
    PromptTracker::Native.configure { |c| c.chat = :native }
    expect(batch("--model", "gpt-4o", assistant: [])).to eq(0), err
    expect(requests.map(&:path)).to eq(["/v1/chat/completions"])
    expect(results.first).to include("model" => /gpt-4o/, "text" => /Hello/)
  end

  it "writes failed calls too, sums them up, and ends with 1" do
    PromptTracker::Native.configure { |c| c.max_retries = 0 }
    server.fails_with(429, times: 1, body: { error: { message: "Slow down", code: "rate_limit_exceeded" } })
    prompts("One?", "Two?")
    expect(batch("--concurrency", "1")).to eq(1)
    expect(results.first["error"]).to include("class" => /AssistantError/, "status" => 429, "retryable" => true,
                                              "code" => "rate_limit_exceeded", "message" => /Slow down/)
    expect(out).to include("1 answered and 1 failed",
                           "1 x PromptTracker::OpenaiAssistantService::AssistantError: Failed")
  end

  it "reads the prompts as there is a place for the next one" do
    prompts(*Array.new(50) { |i| "Prompt #{i}" })
    tally = nil
    list = PromptTracker::Native::Batch::Prompts.new(file("prompts.jsonl"), { assistant_id: "asst_1" })
    results = PromptTracker::Native::Batch::Results.new(file("results.jsonl"))
    most = 0
    batch = PromptTracker::Native::Batch.new(list, results, service: PromptTracker::OpenaiAssistantService,
                                                            concurrency: 4)
    batch.run do |now|
      tally = now
      most = [most, batch.instance_variable_get(:@asked).size].max
    end
    expect(tally).to have_attributes(done: 50, total: 50, failed: 0)
    expect(most).to be <= 4
  ensure
    results&.close
  end

  describe "going on" do
    it "asks none again that has its result, and those that failed only where told so" do
      PromptTracker::Native.configure { |c| c.max_retries = 0 }
      prompts("One?", "Two?", "Three?")
      server.fails_with(500, times: 1)
      expect(batch("--concurrency", "1")).to eq(1)
      expect(batch("--resume")).to eq(0)
      expect(asked).to eq(%w[One? Two? Three?])
      expect(out).to include("3 of 3 have a result: 0 answered and 0 failed now, 3 before")
      expect(batch("--resume", "--retry-failed")).to eq(0)
      expect(asked).to eq(%w[One? Two? Three? One?])
      expect(results.size).to eq(4)
      expect(batch("--resume", "--retry-failed")).to eq(0)
      expect(asked.size).to eq(4)
    end

    it "asks what was added to the prompts since" do
      prompts("One?")
      batch
      prompts("One?", "Two?")
      expect(batch("--resume")).to eq(0), err
      expect(asked).to eq(%w[One? Two?])
    end

    { "a torn line" => [->(line) { line[0, line.size / 2] }, 2], "a line but for its end" => [:chomp.to_proc, 1],
      "zeros, as after a loss of power" => [->(line) { "\0" * line.bytesize }, 2] }.each do |what, (damage, times)|
      it "copes with #{what} at the end of the results" do
        prompts("One?", "Two?")
        batch("--concurrency", "1")
        *whole, last = File.readlines(file("results.jsonl"))
        File.binwrite(file("results.jsonl"), whole.join + damage.call(last))
        expect(batch("--resume")).to eq(0), err
        expect(results.map { |line| line["index"] }).to eq([0, 1])
        expect(asked.tally).to eq("One?" => 1, "Two?" => times)
      end
    end

    it "refuses results that are of other prompts, before it asks any" do
      prompts("One?", "Two?")
      batch
      prompts("Three?", "One?", "Two?")
      expect(batch("--resume")).to eq(1)
      expect(err).to match(/has a result for prompt 0, but of another prompt or another assistant: .* --out/)
      expect(asked.size).to eq(2)
    end

    it "refuses a file that is none of results, and leaves it as it is" do
      prompts("One?")
      ["{\"a\":1}\n", "text\n{}\n", "{\"index\":99999999999,\"input\":\"0123456789abcdef\"}\n"].each do |text|
        File.write(file("results.jsonl"), text)
        expect(batch("--resume")).to eq(1)
        expect(err).to include("results.jsonl:1: is not a result of a batch")
        expect(File.read(file("results.jsonl"))).to eq(text)
      end
      expect(requests).to be_empty
    end
  end

  describe "bad input" do
    { "=[1]" => /:2: must be a text or an object with a prompt/, "={\"prompt\":" => /:2: no JSON: /,
      "={\"id\":1}" => /:2: has no prompt/,
      "={\"prompt\":\"x\",\"timeout\":\"soon\"}" => /:2: timeout must be a number/,
      "={\"prompt\":5}" => /:2: the prompt must be a text/, "=\" \"" => /:2: prompt/,
      "={\"prompt\":\"x\",\"assistant_id\":5}" => /:2: assistant_id must be a String/,
      "={\"prompt\":\"x\",\"options\":{\"tempo\":1}}" => /:2: unknown keywords?: tempo/,
      "={\"prompt\":\"x\",\"options\":1}" => /:2: options must be an object/,
      "=\xff" => /:2: not valid UTF-8/ }.each do |line, said|
      it "is said by its line, before anything is asked: #{line[1..].inspect}" do
        prompts("One?", line)
        expect(batch).to eq(1)
        expect(err).to match(said)
        expect(requests).to be_empty
      end
    end

    it "is a file that isn't there, results that are, and options that don't go together" do
      expect(batch(from: "none.jsonl")).to eq(1)
      expect(err).to match(/No such file .*none.jsonl/)
      prompts("One?")
      expect(batch).to eq(0)
      expect(batch).to eq(1)
      expect(err).to include("results.jsonl is there already: --resume goes on with it")
      expect(batch("--model", "x")).to eq(2)
      expect(batch("--retry-failed")).to eq(2)
      expect(batch("--sync", "often")).to eq(2)
      expect(batch("--concurrency", "0", "--resume")).to eq(2)
      expect(err).to include("concurrency")
      expect(batch("--timeout", "0", "--resume")).to eq(2)
      expect(batch("--resume", assistant: ["--model", " "])).to eq(2)
      expect(run("batch", file("prompts.jsonl"), "--no-app")).to eq(2)
      expect(run("batch", file("prompts.jsonl"), "--no-app", "--out", file("other.jsonl"))).to eq(1)
      expect(err).to include("has no assistant_id: add it, or name one for all with --assistant")
    end

    it "is what can be read or written only once: pipes and devices" do
      prompts("One?")
      File.mkfifo(file("pipe"))
      expect(batch(from: "pipe")).to eq(1)
      expect(err).to include("pipe is read twice: write the prompts to a file first")
      FileUtils.rm_f(file("results.jsonl"))
      File.mkfifo(file("results.jsonl"))
      expect(batch).to eq(1)
      expect(err).to include("results.jsonl can't hold results: name a file with --out")
      expect(requests).to be_empty
    end

    it "is a missing key, which is said once and before anything is asked" do
      prompts("One?", "Two?")
      ENV.delete("OPENAI_API_KEY")
      expect(batch).to eq(1)
      expect(err).to include("OPENAI_API_KEY environment variable not set")
      expect(results).to be_empty
    end

    it "is results that another batch is writing" do
      prompts("One?")
      other = PromptTracker::Native::Batch::Results.new(file("results.jsonl"))
      expect(batch("--resume")).to eq(1)
      expect(err).to include("another batch is writing")
    ensure
      other&.close
    end
  end

  it "stops after as many failures as it is told, and says how to go on" do
    server.fails_with(400, times: :always)
    prompts(*Array.new(20) { |i| "Prompt #{i}" })
    expect(batch("--max-failures", "3", "--concurrency", "2")).to eq(1)
    expect(err).to include("stopped after 3 failed calls (--max-failures); the last: Failed to run", "--resume")
    expect(results.size).to eq(3)
    expect(asked.size).to be <= 5
  end

  it "shows a bar on a terminal, and lines elsewhere" do
    tally = PromptTracker::Native::Batch::Tally.new(10, 2)
    tally.start
    tally.count({ usage: { prompt_tokens: 3, completion_tokens: 4 } })
    terminal = StringIO.new
    def terminal.tty? = true
    progress = PromptTracker::Native::Batch::Progress.new(terminal, tally)
    progress.finish(tally)
    expect(terminal.string).to match(%r{3/10 \|})
    expect(terminal.string).to match(%r{/s, 7 tokens})
    plain = PromptTracker::Native::Batch::Progress.new(StringIO.new, tally)
    expect(plain.line(tally)).to match(%r{\A3/10, [\d.]+/s, 7 tokens, \d:\d\d:\d\d left\z})
  end

  it "forces each line to the disk before it counts it" do
    prompts(*Array.new(5) { |i| "Prompt #{i}" })
    order = []
    results = PromptTracker::Native::Batch::Results.new(file("results.jsonl"))
    trace = TracePoint.new(:c_call) do |point|
      order << point.method_id if %i[syswrite fdatasync].include?(point.method_id)
    end
    list = PromptTracker::Native::Batch::Prompts.new(file("prompts.jsonl"), { assistant_id: "asst_1" })
    batch = PromptTracker::Native::Batch.new(list, results, service: PromptTracker::OpenaiAssistantService)
    trace.enable { batch.run { order << :counted } }
    expect(order).to eq(%i[syswrite fdatasync counted] * 5)
  ensure
    results&.close
  end
end
