# frozen_string_literal: true

require_relative "../faults/support/certificates"
require_relative "../faults/support/proxy"
require_relative "support/stress"

# Forks and exits by the hundred, with calls in flight.
RSpec.describe "Many forks", :server, :child_process, if: Process.respond_to?(:fork) do
  before do
    server.answer("It is sunny 🌞.", times: :always, assistant_id: "asst_quick")
    server.stays(times: :always, text: "It is", assistant_id: "asst_1")
  end

  after { proxy.stop }

  let(:proxy) { Faults::Proxy.new(server.port, tls: Faults::Certificates.good.context) }
  let(:secure) { { "OPENAI_BASE_URL" => proxy.url, "SSL_CERT_FILE" => Faults::Certificates.authority.file } }

  # A call that ends, and a way to wait for many children.
  helpers = <<~RUBY
    def quick(**more, &block) = ask(assistant_id: "asst_quick", **more, &block)[:text]
    def reap(pids) = pids.map { |pid| Process.wait2(pid)[1] }.map { |s| s.exitstatus || s.inspect }.tally.each { |s| p s }
  RUBY

  it "while TLS connections are being made hang nobody, whether the children call or not" do
    rounds = Stress.rounds(1000)
    out = expect_clean(<<~RUBY, env: secure)
      #{helpers}
      done = false
      dialling = Array.new(3) do
        Thread.new do
          transport = PromptTracker::Native::Client.new.transport
          transport.request(:get, "/models", nil, { "Connection" => "close" }) until done
        end
      end
      quick
      #{rounds}.times.each_slice(20) do |slice|
        reap(slice.map { |i| fork { exit!((i % 20).zero? && quick != "It is sunny 🌞." ? 1 : 0) } })
      end
      done = true
      dialling.each(&:join)
      puts quick
    RUBY
    *statuses, last = out.lines(chomp: true)
    expect(statuses.uniq).to eq(["[0, 20]"])
    expect(statuses.size).to eq(rounds / 20)
    expect(last).to eq("It is sunny 🌞.")
    expect(proxy.connections).to be > rounds / 10
  end

  it "leave the parent's one connection to the parent" do
    out = expect_clean(<<~RUBY, env: secure)
      #{helpers}
      quick
      #{Stress.rounds(40)}.times do |i|
        ways = [-> { quick; exit!(0) }, -> { quick; exit }, -> { exit }, -> { exit!(0) }, -> { Process.kill(:KILL, $$) }]
        Process.wait(fork(&ways[i % 5]))
        quick
      end
    RUBY
    expect(out).to eq("")
    expect(proxy.connections).to eq(1 + (Stress.rounds(40) * 2 / 5))
    expect(proxy.requests.size).to eq(1 + (Stress.rounds(40) * 7 / 5))
  end

  it "may be nested, with calls before, after and at_exit, and a daemon at the end" do
    out = expect_clean(<<~RUBY)
      #{helpers}
      def nest(depth)
        quick
        return puts(quick) if depth.zero?

        Process.wait(fork do
          at_exit { puts "at_exit \#{quick}" }
          nest(depth - 1)
        end)
        raise "it failed below \#{depth}" unless $?.success?

        quick
      end
      nest(6) # each has the at_exit blocks of those above it
      $stdout.flush
      Process.daemon(true, true)
      puts "daemon \#{quick}"
    RUBY
    expect(out.lines(chomp: true).tally).to eq("It is sunny 🌞." => 1, "at_exit It is sunny 🌞." => 21,
                                               "daemon It is sunny 🌞." => 1)
  end

  it "may happen while the environment is changed all the time" do
    out = expect_clean(<<~RUBY)
      #{helpers}
      done = false
      writers = Array.new(2) do |w|
        Thread.new do
          i = 0
          until done
            ENV["PTN_\#{w}_\#{(i += 1) % 500}"] = "x" * (i % 300)
            ENV["no_proxy"] = "host\#{i}.test"
            ENV.delete("PTN_\#{w}_\#{(i + 250) % 500}")
            sleep 0.0001 if (i % 50).zero?
          end
        end
      end
      texts = Array.new(4) { |t| Thread.new { Array.new(#{Stress.rounds(25)}) { t.even? ? quick : quick { nil } } } }
      pids = Array.new(#{Stress.rounds(20)}) { fork { exit!(quick == "It is sunny 🌞." ? 0 : 1) } }
      p texts.flat_map(&:value).uniq
      reap(pids)
      done = true
      writers.each(&:join)
    RUBY
    expect(out).to eq("[\"It is sunny 🌞.\"]\n[0, #{Stress.rounds(20)}]\n")
  end

  it "end, by the hundred, clean and at once with calls in flight" do
    out = expect_clean(<<~RUBY)
      #{helpers}
      quick
      ends = [-> { exit(3) }, -> { exit!(3) }, -> { at_exit { quick }; exit(3) }, -> { Thread.new { exit(3) }.join },
              -> { Thread.report_on_exception = false; begin; raise "mine"; rescue RuntimeError; exit(3); end }]
      slowest = 0
      (0...#{Stress.rounds(200)}).each_slice(4) do |slice|
        started = now
        reap(slice.map do |i|
          fork do
            Array.new(4) { |t| Thread.new { t.even? ? ask { nil } : ask(flow: :polling) } }
            sleep i % 25 * 0.001
            ends[i % 5].call
          end
        end)
        slowest = [slowest, now - started].max
      end
      puts slowest < 5
    RUBY
    *statuses, quick = out.lines(chomp: true)
    expect(statuses.uniq).to eq(["[3, 4]"])
    expect([statuses.size, quick]).to eq([Stress.rounds(50), "true"])
  end
end
