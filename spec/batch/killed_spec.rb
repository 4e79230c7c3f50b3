# frozen_string_literal: true

require_relative "support"

# A batch in a process of its own, which ends before its work does.
RSpec.describe "A batch that ends early", :server, :batch do
  # Waits for so many results, or for the end of the batch.
  def results_at_least(number, pid)
    eventually(limit: 30) do
      (File.exist?(file("results.jsonl")) && File.foreach(file("results.jsonl")).count >= number) ||
        Process.wait(pid, Process::WNOHANG)
    end
  end

  def finished
    return [] unless File.exist?(file("results.jsonl"))

    whole = File.readlines(file("results.jsonl")).select { |line| line.end_with?("\n") }
    whole.map { |line| JSON.parse(line)["index"] }
  end

  it "loses no result and asks no prompt twice that has one, whenever it is killed" do
    kills = 10
    concurrency = 8
    total = 400 # more than so many kills can wait for
    random = Random.new(RSpec.configuration.seed)
    server.answer(delay: 0.03, times: :always) { |prompt| "Answer to #{prompt}" }
    prompts(*Array.new(total) { |i| "Prompt #{i}." })
    twice = []
    kills.times do |i|
      before = finished.size
      pid = start_batch("--resume", "--concurrency", concurrency.to_s)
      results_at_least(before + 1 + random.rand(20), pid)
      sleep(random.rand * 0.03)
      Process.kill(:KILL, pid)
      Process.wait(pid)
      done = finished
      expect(done.uniq.size).to eq(done.size), "after kill #{i}"
      # What had its result when the process died, and how often it was asked until then.
      counts = asked.tally
      twice << done.to_h { |index| [index, counts.fetch("Prompt #{index}.")] }
    end

    expect(wait_for(start_batch("--resume", "--concurrency", concurrency.to_s))).to be_success,
                                                                                    File.read(file("err.txt"))
    expect(results.map { |line| line["index"] }).to match_array(0...total)
    expect(results).to all(satisfy { |line| line["text"] == "Answer to Prompt #{line["index"]}." })

    counts = asked.tally
    twice.each do |done|
      done.each { |index, count| expect(counts["Prompt #{index}."]).to eq(count), "prompt #{index}" }
    end
    expect(asked.size).to be <= total + (kills * concurrency)
  end

  { "Ctrl-C" => [:INT, 130], "SIGTERM" => [:TERM, 143] }.each do |what, (signal, status)|
    it "lets the calls in flight end at #{what}, says how to go on, and then asks no prompt twice" do
      server.answer(delay: 0.05, times: :always)
      prompts(*Array.new(60) { |i| "Prompt #{i}." })
      pid = start_batch("--concurrency", "4")
      results_at_least(5, pid)
      Process.kill(signal, pid)
      expect(wait_for(pid).exitstatus).to eq(status)
      expect(File.read(file("out.txt"))).to match(/\A\d+ of 60 have a result/)
      expect(File.read(file("err.txt")))
        .to match(/\Awaiting for \d calls in flight; once more ends at once\ngo on with --resume\n\z/)
      expect(finished.size).to eq(asked.size).and be < 60
      expect(wait_for(start_batch("--resume", "--concurrency", "30"))).to be_success
      expect(results.map { |line| line["index"] }).to match_array(0...60)
      expect(asked.tally.values).to eq([1] * 60)
    end
  end

  it "ends at once at the second Ctrl-C, and goes on" do
    server.answer("One.")
    server.answer("Two.", delay: 60)
    prompts("One?", "Two?")
    pid = start_batch("--concurrency", "1")
    results_at_least(1, pid)
    eventually(limit: 30) { asked.size == 2 }
    Process.kill(:INT, pid)
    eventually(limit: 30) { File.read(file("err.txt")).include?("waiting for 1 calls") }
    Process.kill(:INT, pid)
    expect(wait_for(pid).exitstatus).to eq(130)
    expect(results.map { |line| line["index"] }).to eq([0])
    expect(File.read(file("err.txt"))).to end_with("go on with --resume\n")
    expect(wait_for(start_batch("--resume"))).to be_success
    expect(asked).to eq(%w[One? Two? Two?])
  end
end
