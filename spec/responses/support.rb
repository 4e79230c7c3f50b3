# frozen_string_literal: true

require_relative "../support/flows"

# A group on the Responses wire, where every assistant has a definition.
RSpec.shared_context "on the Responses wire" do
  include ResponsesAtServer

  before do
    PromptTracker::Native.configure { |c| c.poll_interval = 0.005 }
    define_assistant
  end

  def bodies = run_requests.map(&:body)

  # The events of a response as a stream has them.
  def stream_of(*events)
    events.each_with_index.map do |(type, fields), number|
      data = { "type" => type, "sequence_number" => number, **fields.to_h }
      "event: #{type}\ndata: #{JSON.generate(data)}\n\n"
    end.join
  end

  # A response as a server answers it.
  def response(**fields)
    { "id" => "resp_1", "object" => "response", "created_at" => 1_790_000_000, "status" => "completed",
      "model" => "gpt-4o", "output" => [], **fields.transform_keys(&:to_s) }
  end

  def message(*parts, **fields)
    content = parts.map { |part| part.is_a?(String) ? { "type" => "output_text", "text" => part } : part }
    { "type" => "message", "id" => "msg_1", "role" => "assistant", "status" => "completed", "content" => content,
      **fields.transform_keys(&:to_s) }
  end

  # The next response is answered with just this.
  def answers(**fields)
    server.raw(on: "POST /responses", body: response(**fields))
  end
end
