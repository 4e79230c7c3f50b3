# frozen_string_literal: true

require_relative "responses_at_server"

# The ways in which an assistant call is made on the Responses wire. flows.rb loads this.
module Flows
  # One streamed request; every assistant has a definition.
  class Responses < Flow
    # What becomes of the content parts that the shared rows send.
    PARTS = {
      "text" => ->(part) { { "type" => "input_text", "text" => part["text"] } },
      "image_file" => ->(part) { { "type" => "input_image", "detail" => "auto", **part["image_file"] } }
    }.freeze

    def wire = :responses

    def streams? = true

    def request_lines = ["POST /responses"]

    def starting = "POST /responses"

    def steps = { "POST /responses" => "Failed to run assistant" }

    def helpers = ResponsesAtServer

    def raw_keys = [*super, :response]

    def parts(given) = given.map { |part| PARTS.fetch(part["type"]).call(part) }

    def refused = [{ model: "o1", temperature: 0.5 }, "Unsupported parameter: 'temperature'"]

    # A response that never ended is no thread: nothing can go on from it.
    def known_of_late(run) = { run_id: run.id, thread_id: nil }

    # The outputs of tools go into a response of their own.
    def started(tools:) = 1 + tools

    def prepare(example)
      super
      example.define_assistant
    end
  end

  class ResponsesWithBlock < Responses
    include WithBlock
  end

  class ResponsesInBatch < Responses
    include InBatch
  end

  class ResponsesInTwoSteps < Responses
    include InTwoSteps
  end

  # One JSON answer.
  class ResponsesPlain < Responses
    def streams? = false

    def known_of_late(_run) = { run_id: nil, thread_id: nil }

    def call(**keywords) = super(flow: :polling, **keywords)
  end

  # A stream that can be taken up again.
  class ResponsesInBackground < Responses
    def background? = true

    def prepare(example)
      super
      PromptTracker::Native.configure { |c| c.background = true }
    end
  end

  # A request that is answered at once, then polling.
  class ResponsesPolled < ResponsesInBackground
    def streams? = false

    def request_lines = ["POST /responses", "GET /responses/{}"]

    def call(**keywords) = super(flow: :polling, **keywords)
  end

  RESPONSES = [
    Responses.new("Responses, streamed, without a block"), ResponsesWithBlock.new("Responses, streamed, with a block"),
    ResponsesInBatch.new("Responses, streamed, in a batch"),
    ResponsesInTwoSteps.new("Responses, streamed, in a batch, in two steps"),
    ResponsesPlain.new("Responses, one JSON answer"),
    ResponsesInBackground.new("Responses, in the background, streamed"),
    ResponsesPolled.new("Responses, in the background, polling")
  ].freeze
end
