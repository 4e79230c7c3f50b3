# frozen_string_literal: true

require "zlib"
require_relative "../support/flows"
require_relative "support/proxy"

# Answers that are far larger than they should be. Each is given up at the limit, and takes no more memory than that.
RSpec.describe PromptTracker::OpenaiAssistantService, "and answers without measure", :server, :child_process do
  mib = 1 << 20
  limit = 4 * mib

  let(:proxy) { Faults::Proxy.new(server.port) }

  before { ENV["OPENAI_BASE_URL"] = proxy.url }

  after { proxy.stop }

  # Writes until it has written so much or the other side has had enough.
  pour = lambda do |x, head, piece, bytes|
    x.write(head)
    (bytes / piece.bytesize).times { x.write(piece) }
    x.close
  end

  bomb = lambda do |encoding|
    packed = +""
    zeros = "\0" * mib
    deflate = Zlib::Deflate.new(9, encoding == "gzip" ? 31 : 15)
    100.times { packed << deflate.deflate(zeros) }
    packed << deflate.finish
  end

  head = lambda do |type, *more|
    ["HTTP/1.1 200 OK", "Content-Type: #{type}", *more, "Connection: close", "", ""].join("\r\n")
  end

  json = head["application/json"]
  events = head["text/event-stream"]
  too_large = {
    "100 MB of JSON" => ->(x) { pour[x, "#{json}{\"a\":\"", "x" * mib, 100 * mib] },
    "100 MB of JSON whose length is said" => lambda do |x|
      pour[x, "#{head["application/json", "Content-Length: #{100 * mib}"]}{\"a\":\"", "x" * mib, 100 * mib]
    end,
    "a line of a stream without an end" => ->(x) { pour[x, "#{events}data: ", "x" * mib, 100 * mib] },
    "an event without an end" => lambda { |x|
      pour[x, "#{events}event: thread.run.created\n", "data: x\n" * (mib / 8), 100 * mib]
    },
    "comments without an end" => ->(x) { pour[x, events, ":\n" * (mib / 2), 100 * mib] },
    "events that nobody knows, without an end" => lambda { |x|
      pour[x, events, "event: a\ndata: {}\n\n" * (mib / 18), 100 * mib]
    },
    "white space without an end" => ->(x) { pour[x, events, " \n" * (mib / 2), 100 * mib] },
    "a chunk without an end" => lambda do |x|
      pour[x, "#{events.sub("Connection: close", "Transfer-Encoding: chunked")}7fffffff\r\n", "x" * mib, 100 * mib]
    end
  }

  bombs = %w[gzip deflate].to_h do |encoding|
    packed = nil
    ["a #{encoding} bomb", lambda do |x|
      packed ||= bomb[encoding]
      x.write(head["application/json", "Content-Encoding: #{encoding}", "Content-Length: #{packed.bytesize}"] + packed)
    end]
  end

  def expect_given_up(raised, limit)
    expect(raised).to be_instance_of(described_class::AssistantError).and have_attributes(retryable?: false,
                                                                                          run_id: nil)
    expect(raised.message).to include("larger than the limit of #{limit} bytes (max_body_bytes)")
    expect(raised.message).to match(/may have been started/)
    expect(proxy.requests.grep(/POST .*(runs|responses)\z/).size).to eq(1)
  end

  [Flows::STREAMED, Flows::WITH_BLOCK, Flows::POLLED, Flows::RESPONSES[0], Flows::RESPONSES[2]].each do |flow|
    describe flow.name do
      include_context "with a flow", flow
      include flow.helpers if flow.helpers

      faults = flow.streams? ? too_large : too_large.merge(bombs)
      faults.each do |name, fault|
        it "gives up #{name} at the limit" do
          PromptTracker::Native.configure { |c| c.max_body_bytes = limit }
          proxy.on(/\APOST .*(runs|responses)\z/, &fault)
          expect_given_up(failure_of { call }, limit)
          expect(call[:text]).to be_a(String)
        end
      end

      next unless flow.streams?

      # A stream is asked for as it is; a server that packs it all the same is not understood, and nothing is unpacked.
      it "unpacks no bomb in place of a stream" do
        proxy.on(/\APOST /, &bombs.values.first)
        raised = failure_of { call }
        expect(raised.message).to match(/may have been started|not valid JSON/)
        expect(raised.message.bytesize).to be < 2000
      end
    end
  end

  it "reads a large answer that is within the limit" do
    text = "#{"It is sunny. " * 300_000}🌞"
    server.answer(text, deltas: text.scan(/.{1,100000}/m), usage: nil, times: 2)
    PromptTracker::Native.configure { |c| c.poll_interval = 0.005 }
    expect(ask[:text]).to eq(text)
    expect(ask(flow: :polling)[:text]).to eq(text)
  end

  it "takes no more memory than the limit says", if: File.readable?("/proc/self/status") do
    proxy.on(/\APOST /, times: 20, &too_large.fetch("a line of a stream without an end"))
    out = expect_clean(<<~RUBY, env: { "OPENAI_BASE_URL" => proxy.url })
      def peak = File.read("/proc/self/status")[/^VmHWM:\\s+(\\d+)/, 1].to_i / 1024
      PromptTracker::Native.configure { |c| c.max_body_bytes = 4 << 20 }
      20.times { |i| begin; i.even? ? ask : ask { nil }; rescue StandardError => e; puts e.class; end }
      puts peak
    RUBY
    *errors, peak = out.lines(chomp: true)
    expect(errors).to eq(["PromptTracker::OpenaiAssistantService::AssistantError"] * 20)
    expect(peak.to_i).to be < 150 # MiB, Ruby itself included
  end
end
