# frozen_string_literal: true

# Processes that end: with calls behind them, before them and in flight.
RSpec.describe "Exit", :server, :child_process do
  busy = <<~RUBY
    CALLS = Array.new(4) do |i|
      Thread.new { i.even? ? ask(flow: [nil, :polling][i / 2]) : ask { nil } }
    end
    sleep 0.05
  RUBY

  before { server.stays(times: :always, assistant_id: "asst_1") }

  it "is clean with calls in flight, 30 times" do
    expect_clean(busy) # the disk's caches are warm, so that the rest takes the same time each
    outcomes = Array.new(3) { Thread.new { Array.new(10) { run_child(busy) } } }.flat_map(&:value)
    expect(outcomes.reject(&:clean?).map(&:to_s)).to eq([])
    expect(outcomes.map(&:out)).to all(eq(""))
  end

  it "is quick with calls in flight" do
    took = expect_clean("#{busy}started = now\nat_exit { $stdout.write(started) }\n").to_f
    expect(now - took).to be_at_once
  end

  it "is clean with exit! too" do
    outcome = run_child("#{busy}exit!(4)")
    expect([outcome.err, outcome.status.exitstatus]).to eq(["", 4])
  end

  it "keeps the status of an exit, and the message of an abort" do
    expect(run_child("#{busy}exit 3").status.exitstatus).to eq(3)
    outcome = run_child("#{busy}abort 'enough'")
    expect([outcome.err, outcome.status.exitstatus]).to eq(["enough\n", 1])
  end

  it "is that of the exception that ends the program" do
    outcome = run_child("#{busy}raise 'mine'")
    expect(outcome.err).to include("mine (RuntimeError)")
    expect(outcome.status.exitstatus).to eq(1)
  end

  it "is by the signal that ends the program" do
    outcome = run_child("#{busy}puts :ready; sleep 30") do |pid, output|
      output.gets.tap { Process.kill(:TERM, pid) }
    end
    expect(outcome.status.termsig).to eq(Signal.list["TERM"]), outcome.to_s
  end

  it "lets at_exit blocks call" do
    out = expect_clean(<<~RUBY)
      at_exit { puts "last: \#{ask(assistant_id: 'asst_2')[:text].class}" }
      at_exit { puts "first: \#{ask(assistant_id: 'asst_2', flow: :polling)[:text].class}" }
      ask(assistant_id: "asst_2")
    RUBY
    expect(out).to eq("first: String\nlast: String\n")
  end

  it "lets at_exit blocks call where nothing had called before, and with calls in flight" do
    code = "at_exit { puts ask(assistant_id: 'asst_2')[:text].class }\n"
    expect(expect_clean(code)).to eq("String\n")
    expect(expect_clean("#{code}#{busy}")).to eq("String\n")
  end

  it "is clean where nothing was called" do
    expect(expect_clean("")).to eq("")
  end

  it "is clean where a service and a client are left over, and where finalizers call" do
    out = expect_clean(<<~RUBY)
      KEPT = [PromptTracker::OpenaiAssistantService.new(assistant_id: "asst_2", prompt: "Hello!"),
              PromptTracker::Native::Client.new.tap(&:transport)]
      KEPT.first.call
      ObjectSpace.define_finalizer(Object.new, proc { puts ask(assistant_id: "asst_2")[:text].class })
    RUBY
    expect(out).to eq("String\n")
  end
end
