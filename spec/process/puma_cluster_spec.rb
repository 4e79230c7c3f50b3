# frozen_string_literal: true

require_relative "support/program"

# A real Puma in cluster mode, whose app was loaded and has called before the workers were forked.
RSpec.describe "Puma", :server, if: Process.respond_to?(:fork) do
  app = <<~RUBY
    require "prompt_tracker/native"
    require "json"
    CALL = ->(id = "asst_quick", **more) { PromptTracker::OpenaiAssistantService.call(assistant_id: id, prompt: "Hello!", **more)[:text] }
    CALL.call # before the fork
    run(lambda do |env|
      case env["PATH_INFO"]
      when "/slow" then CALL.call("asst_slow", timeout: 30)
      when "/pid" then nil
      else text = CALL.call(flow: env["PATH_INFO"] == "/polling" ? :polling : nil)
      end
      [200, { "content-type" => "text/plain" }, ["\#{Process.pid} \#{text}"]]
    end)
  RUBY

  around do |example|
    Dir.mktmpdir("ptn-puma") do |folder|
      @folder = folder
      @port = Program.unused_port
      File.write(File.join(folder, "config.ru"), app.gsub("\\#", "#"))
      File.write(File.join(folder, "puma.rb"), <<~RUBY)
        bind "tcp://127.0.0.1:#{@port}"
        workers 2
        threads 4, 4
        preload_app!
        worker_shutdown_timeout 2
        silence_single_worker_warning
      RUBY
      example.run
    ensure
      @puma&.stop(:KILL)
    end
  end

  before do
    server.answer("It is sunny 🌞.", times: :always, assistant_id: "asst_quick")
    server.stays(times: :always, assistant_id: "asst_slow")
  end

  def start
    lib = File.expand_path("../../lib", __dir__)
    environment = { "OPENAI_BASE_URL" => server.url, "OPENAI_API_KEY" => SharedServer::KEY, "RACK_ENV" => "production",
                    "BUNDLE_GEMFILE" => File.expand_path("../../Gemfile", __dir__) }
    @puma = Program.new(@folder, environment, RbConfig.ruby, "-rbundler/setup", "-I", lib, "-rpuma/cli",
                        "-e", "Puma::CLI.new(ARGV).run", "--", "-C", "puma.rb", "config.ru")
    @puma.wait_until { @puma.said.scan(/Worker \d.*booted/).size >= 2 }
  end

  # @return [Array(Integer, String)] who answered, and what
  def get(path)
    pid, text = Net::HTTP.get(URI("http://127.0.0.1:#{@port}#{path}")).force_encoding("UTF-8").split(" ", 2)
    [pid.to_i, text]
  end

  def expect_all_well
    answers = Array.new(8) { |t| Thread.new { Array.new(6) { get(t.even? ? "/" : "/polling") } } }.flat_map(&:value)
    expect(answers.map(&:last).uniq).to eq(["It is sunny 🌞."])
    answers.map(&:first).uniq
  end

  def expect_no_crash
    expect(@puma.said).not_to match(/BUG|SEGV|Segmentation|terminated with exception|core dumped/)
  end

  it "calls in all workers, each on connections of its own, and after one was killed" do
    start
    workers = expect_all_well
    by_connection = requests.group_by(&:connection)
    expect(by_connection.size).to be >= workers.size + 1
    Process.kill(:KILL, workers.first)
    eventually(limit: 15) { get("/pid").first != workers.first && @puma.said.scan(/Worker \d.*booted/).size >= 3 }
    expect(expect_all_well).not_to include(workers.first)
    expect(@puma.stop.exitstatus || 0).to eq(0)
    expect_no_crash
  end

  it "ends in order with calls in flight" do
    start
    hanging = Array.new(4) { Thread.new { get("/slow") rescue nil } } # rubocop:disable Style/RescueModifier
    expect(eventually(limit: 10) { run_requests.size >= 5 }).to be(true)
    status = @puma.stop(:TERM, limit: 25)
    expect(status.termsig).to be_nil.or eq(Signal.list["TERM"])
    expect_no_crash
  ensure
    hanging&.each(&:kill)
  end
end
