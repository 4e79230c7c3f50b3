# frozen_string_literal: true

require_relative "../support/flows"
require_relative "support/certificates"
require_relative "support/proxy"
require_relative "support/table"

# Every fault of the table, on every way in which a call is made.
RSpec.describe PromptTracker::OpenaiAssistantService, "and faults between it and the server", :server do
  let(:proxy) { Faults::Proxy.new(server.port) }
  let(:waits) { [] }

  after { proxy.stop }

  before do
    allow(Kernel).to receive(:sleep) { |wait| waits << wait }
    server.answer("It is sunny 🌞.", times: :always)
    ENV["OPENAI_BASE_URL"] = proxy.url
  end

  # The pattern of the requests that a fault is about.
  def pattern_of(fault)
    line = fault.where == :reading ? flow.request_lines.grep(/\AGET/).first : flow.starting
    line && /\A#{Regexp.escape(line.sub(" /", " /v1/")).gsub("\\{\\}", "[^/]+")}\z/
  end

  def outcome_of(fault)
    result = failure = nil
    took = seconds do
      result = call(**fault.options)
    rescue StandardError => e
      failure = e
    end
    expect(took).to be < 15
    [result, failure]
  end

  def expect_answer(result, failure)
    expect(failure).to be_nil
    expect(result[:text]).to eq("It is sunny 🌞.")
    expect(result[:raw][:run_id]).to eq(runs_at_server.last.id)
  end

  def expect_failure(failure, prefix, *causes, said: //)
    expect(failure).to be_instance_of(PromptTracker::OpenaiAssistantService::AssistantError)
    expect(failure.message).to match(prefix).and match(said)
    expect(causes).to include(failure.cause.class) unless causes.empty?
    expect(failure.full_message).not_to include(SharedServer::KEY)
  end

  native = PromptTracker::Native
  start = /\AFailed to (run assistant|create thread): /
  maybe = /(a run|a response|one) may have been started/

  keeps = {
    answer: ->(result, failure) { expect_answer(result, failure) },
    unsent: lambda do |_, failure|
      expect_failure(failure, start, native::ConnectionError, said: /could not connect/)
      expect(failure).to have_attributes(retryable?: true, run_id: nil)
      expect(failure.message).not_to match(maybe)
      expect(runs_at_server).to be_empty
      expect(waits.size).to eq(2)
    end,
    ambiguous: lambda do |_, failure|
      expect_failure(failure, start, native::ConnectionError, native::AnswerError, said: maybe)
      expect(failure).to have_attributes(retryable?: false, run_id: nil)
      expect(waits).to be_empty
    end,
    answer_or_ambiguous: lambda do |result, failure|
      failure ? expect_failure(failure, start, said: maybe) : expect_answer(result, failure)
    end,
    timed_out: lambda do |_, failure|
      expect_failure(failure, /\AAssistant run timed out after 0.3 seconds\z/)
      expect(failure).to have_attributes(retryable?: true)
    end
  }

  it "are all promised in words" do
    promised = Faults::TABLE.flat_map { |fault| [fault.promise, *fault.instead.values] }.uniq
    expect(keeps.keys).to include(*promised)
    expect(Faults::PROMISES.keys).to match_array(keeps.keys)
  end

  Faults.ways.each do |flow, tls|
    describe "#{flow.name}#{" over TLS" if tls}" do
      include_context "with a flow", flow
      include flow.helpers if flow.helpers

      if tls
        let(:proxy) { Faults::Proxy.new(server.port, tls: Faults::Certificates.good.context) }

        before { ENV["SSL_CERT_FILE"] = Faults::Certificates.authority.file }
      end

      Faults::TABLE.select { |fault| fault.for?(flow) }.each do |fault|
        promise = fault.promise_for(flow)

        it "#{fault.name} (#{fault.where}): #{promise}" do
          pattern = pattern_of(fault)
          fault.arrange.call(proxy, pattern)
          instance_exec(*outcome_of(fault), &keeps.fetch(promise))
          expect(runs_at_server.size).to be <= 1
          started = proxy.requests.count { |line| line.match?(/\APOST .*(runs|responses)\z/) }
          expect(started).to be <= 1
        end
      end
    end
  end
end
