# frozen_string_literal: true

require_relative "support/definition_files"

RSpec.describe PromptTracker::Native::Definitions, "reading again" do
  include_context "with definitions"

  def model_of(id) = definitions.find(id)&.model

  # As another program would, some time later.
  def rewrite(id, content)
    @later = (@later || Time.now) + 10
    write(id, content)
    File.utime(@later, @later, path(id))
  end

  def rails(environment)
    stub_const("Rails", Module.new)
    Rails.define_singleton_method(:env) { environment }
    Rails.define_singleton_method(:root) { nil }
    definitions.reload!
  end

  it "reads a file again that changed, came or went, where Rails is not there" do
    expect(model_of("asst_f")).to be_nil
    write("asst_f", model: "one")
    expect(model_of("asst_f")).to eq("one")
    rewrite("asst_f", model: "two")
    expect(model_of("asst_f")).to eq("two")
    File.delete(path("asst_f"))
    expect(model_of("asst_f")).to be_nil
  end

  it "sees a change within the same second, by the size" do
    write("asst_f", model: "one")
    time = File.mtime(path("asst_f"))
    expect(model_of("asst_f")).to eq("one")
    write("asst_f", model: "three")
    File.utime(time, time, path("asst_f"))
    expect(model_of("asst_f")).to eq("three")
  end

  it "keeps the definition while the file is the same" do
    write("asst_f", model: "one")
    expect(definitions.find("asst_f")).to be(definitions.find("asst_f"))
  end

  it "says what is wrong at each call, until the file is mended" do
    write("asst_f", "{")
    2.times { expect { model_of("asst_f") }.to definition_error(/isn't valid JSON/) }
    rewrite("asst_f", model: "one")
    expect(model_of("asst_f")).to eq("one")
  end

  %w[development test].each do |environment|
    it "reads again in Rails' #{environment}" do
      rails(environment)
      write("asst_f", model: "one")
      model_of("asst_f")
      rewrite("asst_f", model: "two")
      expect(model_of("asst_f")).to eq("two")
    end
  end

  it "reads a file once in production, and looks at it no more" do
    rails("production")
    write("asst_f", model: "one")
    expect(model_of("asst_f")).to eq("one")
    expect(File).not_to receive(:stat)
    rewrite("asst_f", model: "two")
    expect(model_of("asst_f")).to eq("one")
  end

  it "finds a file that came later in production too, after some seconds" do
    rails("production")
    expect(model_of("asst_f")).to be_nil
    write("asst_f", model: "one")
    expect(model_of("asst_f")).to be_nil
    allow(Process).to receive(:clock_gettime).and_return(Process.clock_gettime(Process::CLOCK_MONOTONIC) + 6)
    expect(model_of("asst_f")).to eq("one")
  end

  it "reads again where the setting says so, and not where it says no" do
    rails("production")
    settings.reload_definitions = true
    write("asst_f", model: "one")
    model_of("asst_f")
    rewrite("asst_f", model: "two")
    expect(model_of("asst_f")).to eq("two")
    settings.reload_definitions = false
    model_of("asst_f")
    rewrite("asst_f", model: "three")
    expect(model_of("asst_f")).to eq("two")
  end

  it "reads all again after reload! and after a change of the settings" do
    settings.reload_definitions = false
    write("asst_f", model: "one")
    model_of("asst_f")
    rewrite("asst_f", model: "two")
    expect { definitions.reload! }.to change { model_of("asst_f") }.from("one").to("two")
    rewrite("asst_f", model: "three")
    expect { settings.truncation = "auto" }.to change { model_of("asst_f") }.from("two").to("three")
    expect(definitions.find("asst_f").request).to include(truncation: "auto")
  end

  it "gives each of many threads a whole definition while files change" do
    write("asst_f", model: "model 0", instructions: "instructions 0")
    ended = false
    threads = Array.new(8) do
      Thread.new do
        wrong = []
        until ended
          request = definitions.find("asst_f").request
          numbers = request.values_at(:model, :instructions).map { |text| text[/\d+/] }
          wrong << request unless numbers.uniq.size == 1
        end
        wrong
      end
    end
    1.upto(50) do |n|
      new = File.join(folder, "new")
      File.write(new, JSON.generate(model: "model #{n}", instructions: "instructions #{n}"))
      File.rename(new, path("asst_f"))
    end
    ended = true
    expect(threads.flat_map(&:value)).to eq([])
    expect(model_of("asst_f")).to eq("model 50")
  end

  it "remembers no more ids than it should, whatever it is asked for" do
    settings.reload_definitions = false
    25_000.times { |n| definitions.find("asst_#{n}") }
    kept = definitions.send(:catalog).instance_variable_get(:@files).instance_variable_get(:@kept)
    expect(kept.size).to be <= 10_000
  end

  it "finds what it knows, and what it knows not, without making anything or looking at a file" do
    settings.reload_definitions = false
    settings.assistants = { asst_h: { model: "gpt-4o" } }
    write("asst_f", model: "gpt-4o")
    ids = %w[asst_h asst_f asst_none]
    ids.each { |id| definitions.find(id) }
    looks = []
    trace = TracePoint.new(:c_call) do |call|
      looks << call.method_id if [File, File::Stat, Dir, IO].include?(call.self)
    end
    trace.enable { ids.each { |id| definitions.find(id) } }
    expect(looks).to eq([])

    objects = GC.stat(:total_allocated_objects)
    2000.times { ids.each { |id| definitions.find(id) } }
    expect(GC.stat(:total_allocated_objects) - objects).to be < 12_000 # two Floats of a clock for each that is unknown
  end
end
