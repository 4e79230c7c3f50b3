# frozen_string_literal: true

# Calls for call_many.
module ManyCalls
  def service = PromptTracker::OpenaiAssistantService

  # The keywords of so many calls, each with a prompt of its own.
  def calls(count, **more) = Array.new(count) { |i| { assistant_id: "asst_1", prompt: "Call #{i}", **more } }

  # The same without end, one at a time; `read` has those that were asked for.
  def endless(read, **more)
    (0..).lazy.map do |i|
      read << i
      { assistant_id: "asst_1", prompt: "Call #{i}", **more }
    end
  end

  def texts(results) = results.map { |result| result.is_a?(Hash) ? result[:text] : result }

  # A server that says what it was told.
  def echo(**options)
    server.answer(times: :always, **options) { |prompt| "You said: #{prompt}" }
  end
end
