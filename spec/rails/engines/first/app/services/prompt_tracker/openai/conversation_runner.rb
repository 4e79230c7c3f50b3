# frozen_string_literal: true

module PromptTracker
  module Openai
    # Talks to an assistant turn by turn, through OpenAI::Client by hand.
    class ConversationRunner
      ENDS = %w[completed failed cancelled expired].freeze

      attr_reader :thread_id, :messages

      def initialize(assistant_id:)
        @assistant_id = assistant_id
        @messages = []
      end

      def run!(*said)
        @thread_id = client.threads.create["id"]
        said.each do |text|
          client.messages.create(thread_id: thread_id, parameters: { role: "user", content: text })
          answer
        end
        messages
      end

      private

      def answer
        run = client.runs.create(thread_id: thread_id, parameters: { assistant_id: @assistant_id })
        run = wait_for(run["id"])
        raise "the run ended as #{run["status"]}" unless run["status"] == "completed"

        last = client.messages.list(thread_id: thread_id, parameters: { limit: 1, order: "desc" })["data"].first
        messages << last["content"].filter_map { |block| block.dig("text", "value") }.join("\n")
      end

      def wait_for(id)
        100.times do
          run = client.runs.retrieve(thread_id: thread_id, id: id)
          return run if ENDS.include?(run["status"])

          sleep 0.05
        end
        raise "the run did not end"
      end

      def client
        @client ||= OpenAI::Client.new(access_token: ENV.fetch("ENGINE_OPENAI_KEY"))
      end
    end
  end
end
