# frozen_string_literal: true

require_relative "environment"
require_relative "judge"
require_relative "prism"
require_relative "shared_data"

module Wire
  # A LocalServer, Prism in front of it, and the judge in front of both: one of each for the whole suite, as Prism takes
  # long to start.
  module Court
    Parties = Struct.new(:server, :prism, :judge)

    class << self
      # @return [String, nil] why specs that need it can't run
      def missing = SharedData.missing || Prism.missing

      # @return [Parties]
      def parties
        @parties ||= begin
          server = PromptTracker::Native::LocalServer.start
          prism = Prism.new(SharedData::DOCUMENT, server.url)
          Parties.new(server, prism, Judge.new(prism.port))
        end
      end

      def close
        parties, @parties = @parties, nil # rubocop:disable Style/ParallelAssignment
        return unless parties

        parties.judge.stop
        parties.prism.stop
        parties.server.stop
      end
    end
  end
end

RSpec.configure do |config|
  config.after(:suite) { Wire::Court.close }
end

# Requests go through Prism to the gem's own LocalServer, so that OpenAI's document judges the request and the answer.
RSpec.shared_context "with OpenAI's document as the judge" do
  include_context "with the wire to itself"

  before do
    server.reset
    judge.forget
    use(judge.url)
  end

  let(:server) { Wire::Court.parties.server }
  let(:judge) { Wire::Court.parties.judge }
  let(:client) { client_at(judge.url) }

  # The requests that were judged, as the document names them.
  def judged
    judge.cases.map do |c|
      path = c.sent.path.delete_prefix("/v1").gsub(%r{/(thread|run|msg|step|asst|resp|conv)_\w+}, "/{}")
      "#{c.sent.verb} #{path}"
    end
  end

  # @param requests [Array<String>] where given, these and no others were made
  def expect_nothing_wrong(*requests)
    expect(judge.objections).to eq([])
    expect(judge.cases.map(&:status)).to all(be_between(200, 299))
    expect(judged).to eq(requests) unless requests.empty?
  end
end
