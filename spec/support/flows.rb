# frozen_string_literal: true

require_relative "ruby_openai"

# The ways in which an assistant call is made. Each is one small object; the shared suite "an assistant call" runs on
# every one. Those of the Responses wire are in responses_flows.rb.
module Flows
  class Flow
    attr_reader :name

    def initialize(name)
      @name = name
    end

    # @return [Symbol] :assistants or :responses; rows that are tagged with the other one's name are left out
    def wire = :assistants

    # @return [Module, nil] how the server tells of runs, where that isn't as {SharedServer} has it
    def helpers = nil

    # @return [Boolean] does a run go on at the server whatever becomes of the stream?
    def background? = false

    # @return [Array<Symbol>] the keys of what is raw in a result
    def raw_keys = %i[thread_id run_id assistant_message message run]

    # @param given [Array<Hash>] content parts of a prompt, with String keys
    # @return [Array<Hash>] as they are sent
    def parts(given) = given

    # @return [Array(Hash, String)] options that the local server refuses, and what it says then
    def refused = [{ temperature: "hot" }, "Invalid type for 'temperature'"]

    # @return [Hash] which ids the error of a call has that took too long
    def known_of_late(run) = { run_id: run.id, thread_id: run.thread_id }

    # @return [Integer] how many runs a call starts that answers so many rounds of tool calls
    def started(tools:) # rubocop:disable Lint/UnusedMethodArgument
      1
    end

    # @return [Boolean] are calls that the server refuses for the rate's sake tried again until their time is over?
    def patient? = false

    # @return [Boolean] is a run one streamed request?
    def streams? = false

    # @return [Boolean] is it the gem's own client, whose errors carry what the server said?
    def own? = true

    # @return [Array<String>] the requests of a call that goes well, ids left out
    def request_lines
      ["POST /threads", "POST /threads/{}/messages", "POST /threads/{}/runs", "GET /threads/{}/runs/{}",
       "GET /threads/{}/messages", "GET /threads/{}/runs/{}"]
    end

    # @return [Hash{String => String}] request => the beginning of the error where it fails
    def steps
      { "POST /threads" => "Failed to create thread", "POST /threads/{}/messages" => "Failed to add message",
        "POST /threads/{}/runs" => "Failed to run assistant",
        "GET /threads/{}/runs/{}" => "Error waiting for completion",
        "GET /threads/{}/messages" => "Failed to retrieve response" }
    end

    # @return [String] the request that starts a run in a new thread
    def starting = "POST /threads/{}/runs"

    # @return [String, nil] why it can't be tried here
    def missing = nil

    # Called in each example before anything else.
    def prepare(_example)
      PromptTracker::Native.configure { |c| c.poll_interval = 0.005 }
    end

    # @return [Hash] the result
    def call(**keywords)
      PromptTracker::OpenaiAssistantService.call(**keywords)
    end
  end

  class Streamed < Flow
    def streams? = true

    def request_lines = ["POST /threads/runs"]

    def starting = "POST /threads/runs"

    def steps = { "POST /threads/runs" => "Failed to run assistant" }
  end

  # Keeps what the block is given.
  module WithBlock
    attr_reader :deltas

    def prepare(example)
      super
      @deltas = []
    end

    def call(**keywords)
      deltas = @deltas
      PromptTracker::OpenaiAssistantService.call(**keywords) { |delta| deltas << delta }
    end
  end

  class StreamedWithBlock < Streamed
    include WithBlock
  end

  class Polled < Flow
    def call(**keywords) = super(flow: :polling, **keywords)
  end

  # A batch of one, which has a Fiber from the beginning.
  module InBatch
    def patient? = true

    def calls(keywords) = [keywords]

    def call(**keywords)
      result = PromptTracker::OpenaiAssistantService.call_many(calls(keywords)).last
      result.is_a?(Exception) ? raise(result) : result
    end
  end

  # The second call of an assistant in a batch, whose first request goes out before there is a Fiber. The first call
  # fails before anything is sent.
  module InTwoSteps
    include InBatch

    def calls(keywords) = [{ **keywords, additional_messages: 5 }, keywords]
  end

  class StreamedInBatch < Streamed
    include InBatch
  end

  class StreamedInTwoSteps < Streamed
    include InTwoSteps
  end

  class PolledInBatch < Polled
    include InBatch

    def call(**keywords) = super(flow: :polling, **keywords)
  end

  # Another gem's client, which a spec put in the place of what `OpenAI::Client.new` makes.
  class ThroughRubyOpenai < Flow
    def own? = false

    def missing
      RubyOpenai.missing unless RubyOpenai.module
    end

    def prepare(example)
      super
      gem = RubyOpenai.module
      example.stub_const("OpenAI", gem)
      url = example.server.url
      example.allow(gem::Client).to example.receive(:new).and_wrap_original do |new, **keywords|
        new.call(uri_base: url, **keywords)
      end
    end
  end

  # Doubles that answer no more than a spec would give them.
  class ThroughDoubles < Flow
    METHODS = { threads: %i[create], messages: %i[create list],
                runs: %i[create retrieve submit_tool_outputs] }.freeze

    def prepare(example)
      super
      real = PromptTracker::Native::Client.new(access_token: SharedServer::KEY)
      resources = METHODS.to_h do |name, methods|
        answers = methods.map { |method| [method, real.public_send(name).method(method)] }
        [name, resource(example, name, answers)]
      end
      example.stub_const("OpenAI::Client", Class.new { def initialize(access_token:) = access_token.to_s })
      example.allow(OpenAI::Client).to example.receive(:new).and_return(example.double("client", **resources))
    end

    private

    def resource(example, name, answers)
      answers.each_with_object(example.double(name.to_s)) do |(method, real), resource|
        example.allow(resource).to example.receive(method) { |**keywords| real.call(**keywords) }
      end
    end
  end

  STREAMED = Streamed.new("streamed, without a block")
  WITH_BLOCK = StreamedWithBlock.new("streamed, with a block")
  POLLED = Polled.new("polling, with the gem's own client")
  RUBY_OPENAI = ThroughRubyOpenai.new("polling, with the ruby-openai gem's client")
  STREAMED_IN_BATCH = StreamedInBatch.new("streamed, in a batch")
  STREAMED_IN_TWO_STEPS = StreamedInTwoSteps.new("streamed, in a batch, in two steps")
  POLLED_IN_BATCH = PolledInBatch.new("polling, in a batch")
  DOUBLES = ThroughDoubles.new("polling, with plain doubles")

  OWN = [STREAMED, WITH_BLOCK, POLLED, STREAMED_IN_BATCH, STREAMED_IN_TWO_STEPS, POLLED_IN_BATCH].freeze
  ALL = [*OWN, RUBY_OPENAI, DOUBLES].freeze
end

# A group on one flow: `call` makes the call.
RSpec.shared_context "with a flow" do |flow|
  include flow.helpers if flow.helpers

  let(:flow) { flow }

  before { flow.prepare(self) }

  def call(**keywords)
    flow.call(assistant_id: "asst_1", prompt: "Hello!", **keywords)
  end
end

require_relative "responses_flows"

RSpec.configure do |config|
  # Rows of the shared suite that only the Responses wire has.
  config.filter_run_excluding(responses_only: ->(_, metadata) { metadata.fetch(:wire, :assistants) != :responses })
end
