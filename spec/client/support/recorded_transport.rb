# frozen_string_literal: true

# Takes the place of each transport that a client makes: notes what it is given and answers what it is told.
class RecordedTransport
  Request = Struct.new(:verb, :path, :body, :headers, :timeout) do
    def json
      JSON.parse(body)
    end
  end
  Answer = Struct.new(:status, :headers, :body)

  class << self
    attr_reader :made

    def start
      @made = []
    end

    def last
      @made.last
    end
  end

  attr_reader :url, :lasting_headers, :options, :requests
  attr_accessor :answer, :events

  def initialize(url, headers, **options)
    @url = url
    @lasting_headers = headers
    @options = options
    @requests = []
    @answer = Answer.new(200, {}, "{}")
    self.class.made << self
  end

  def request(*arguments)
    requests << Request.new(*arguments)
    answer.is_a?(Exception) ? raise(answer) : answer
  end

  def stream(*arguments, &block)
    requests << Request.new(*arguments)
    return answer unless events

    events.each(&block)
    Answer.new(200, {}, nil)
  end
end

RSpec.shared_context "with a recorded transport" do
  include_context "with a clean environment"

  before do
    RecordedTransport.start
    allow(PromptTracker::Native::Transport).to receive(:new) do |*arguments, **options|
      transport = RecordedTransport.new(*arguments, **options)
      prepare&.call(transport)
      transport
    end
  end

  # A proc that is given each transport as it is made.
  let(:prepare) { nil }
  let(:client) { PromptTracker::Native::Client.new(access_token: "key-for-specs") }

  def answering(body, status: 200, headers: {})
    ->(transport) { transport.answer = RecordedTransport::Answer.new(status, headers, body) }
  end

  def sent
    RecordedTransport.last.requests.last
  end
end
