# frozen_string_literal: true

require_relative "support/program"

# A real Sidekiq with a Redis of its own.
RSpec.describe "Sidekiq", :server do
  missing = lambda do
    next "redis-server is not installed" unless system("redis-server", "--version", out: File::NULL, err: File::NULL)

    "the sidekiq gem is not in the bundle" if Gem::Specification.find_all_by_name("sidekiq").empty?
  end

  job = <<~RUBY
    require "sidekiq"
    require "prompt_tracker/native"
    Sidekiq.configure_client { |config| config.logger.level = 2 }

    class AskJob
      include Sidekiq::Job
      sidekiq_options retry: 0

      def perform(id, flow)
        Sidekiq.redis { |redis| redis.call("RPUSH", "begun", id) }
        text = PromptTracker::OpenaiAssistantService.call(assistant_id: id, prompt: jid, flow: flow&.to_sym)[:text]
        Sidekiq.redis { |redis| redis.call("RPUSH", "texts", text) }
      end
    end
  RUBY

  around do |example|
    if (reason = missing.call)
      raise reason if ENV["CI"]

      skip reason
    end
    Dir.mktmpdir("ptn-sidekiq") do |folder|
      @folder = folder
      File.write(File.join(folder, "job.rb"), job)
      start_redis
      example.run
    ensure
      [@sidekiq, @redis].compact.each(&:stop)
    end
  end

  before do
    server.answer("It is sunny 🌞.", times: :always, delay: 0.05, assistant_id: "asst_quick")
    server.stays(times: 3, assistant_id: "asst_slow")
    server.answer("It is sunny 🌞.", times: :always, assistant_id: "asst_slow")
  end

  def environment
    { "OPENAI_BASE_URL" => server.url, "OPENAI_API_KEY" => SharedServer::KEY,
      "REDIS_URL" => "redis://127.0.0.1:#{@port}/0", "BUNDLE_GEMFILE" => File.expand_path("../../Gemfile", __dir__) }
  end

  def start_redis
    @port = Program.unused_port
    @redis = Program.new(@folder, {}, "redis-server", "--bind", "127.0.0.1", "--port", @port.to_s, "--save", "")
    @redis.wait_until { @redis.said.include?("Ready to accept connections") }
  end

  def ruby = [RbConfig.ruby, "-rbundler/setup", "-I", File.expand_path("../../lib", __dir__)]

  # As many threads as jobs that hang: one that waited for a job would take what is given back with it into the grave.
  def start_sidekiq
    @sidekiq = Program.new(@folder, environment, *ruby, "-rsidekiq/cli", "-e",
                           "cli = Sidekiq::CLI.instance; cli.parse(ARGV); cli.run", "--",
                           "-r", "./job.rb", "-c", "3", "-t", "1")
  end

  # @return [String] what the code prints
  def with_jobs(code)
    out, status = Open3.capture2(environment, *ruby, "-e", "require './job'\n#{code}", chdir: @folder)
    raise "the code failed" unless status.success?

    out.force_encoding("UTF-8")
  end

  def texts = with_jobs("puts Sidekiq.redis { |redis| redis.call('LRANGE', 'texts', 0, -1) }").lines(chomp: true)

  it "runs jobs that call, and gives back those that were in flight when it was told to end" do
    with_jobs("30.times { |i| AskJob.perform_async('asst_quick', [nil, 'polling'][i % 2]) }")
    start_sidekiq
    expect(eventually(limit: 30) { runs_at_server.size == 30 }).to be(true), @sidekiq.said

    with_jobs("3.times { AskJob.perform_async('asst_slow', nil) }")
    expect(eventually(limit: 15) { runs_at_server.size == 33 }).to be(true), @sidekiq.said
    @sidekiq.stop(:TERM)
    expect(@sidekiq.said).to match(/Pushed 3 jobs back to/)
    expect(@sidekiq.said).not_to match(/BUG|SEGV|Segmentation/)

    start_sidekiq # the three are begun again, and now there is an answer
    expect(eventually(limit: 30) { runs_at_server.size == 36 }).to be(true), @sidekiq.said
    @sidekiq.stop(:TERM)
    expect(texts.tally).to eq("It is sunny 🌞." => 33)
  end
end
