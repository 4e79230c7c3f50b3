# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # A thread (Ruby has the name Thread already): its messages and its runs, each in order of creation.
      # @private
      class Conversation
        attr_reader :id, :messages, :runs
        attr_accessor :metadata, :tool_resources

        def initialize(id, metadata: {}, tool_resources: {})
          @id = id
          @metadata = metadata
          @tool_resources = tool_resources
          @created_at = Time.now.to_i
          @messages = {}
          @runs = {}
        end

        # @return [Message]
        def add(message) = @messages[message.id] = message

        # Lets every run go on to where it is by now.
        def advance = @runs.each_value(&:advance)

        # @return [Run, nil] the run that has not ended yet
        def active_run = @runs.each_value.find { |run| !run.settled? }

        # @raise [ApiError] 404
        def message(id) = @messages.fetch(id) { raise ApiError.not_found("message", id) }

        # @raise [ApiError] 404
        def run(id) = @runs.fetch(id) { raise ApiError.not_found("run", id) }

        # @return [String] the text of the user's last message
        def prompt = @messages.values.reverse_each.find { |message| message.role == "user" }&.text.to_s

        def to_h
          { "id" => id, "object" => "thread", "created_at" => @created_at, "metadata" => metadata,
            "tool_resources" => tool_resources }
        end
      end
    end
  end
end
