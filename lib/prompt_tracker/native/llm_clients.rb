# frozen_string_literal: true

require_relative "answer_steps"

module PromptTracker
  # Of the engine's newer generation; the gem defines only one of its classes, and only where the engine has it.
  module LlmClients
    # Calls an OpenAI assistant and returns its answer as the engine's newer generation wants it.
    #
    # @example
    #   answer = PromptTracker::LlmClients::OpenaiAssistantService.call(assistant_id: "asst_abc123",
    #                                                                   user_message: "What's the weather?")
    #   answer.text
    #   PromptTracker::LlmClients::OpenaiAssistantService.call(assistant_id: "asst_abc123", thread_id: answer.thread_id,
    #                                                          user_message: "And tomorrow?")
    class OpenaiAssistantService < Native::Services::OpenaiAssistantService
      # A call that failed, with the readers of {Native::Error}.
      class AssistantError < StandardError
        include Native::ErrorDetails
      end

      # Same as `new(…).call`.
      #
      # @param (see #initialize)
      # @yieldparam (see #call)
      # @return (see #call)
      # @raise (see #initialize)
      # @raise (see #call)
      def self.call(assistant_id:, user_message:, thread_id: nil, timeout: 60, &block)
        new(assistant_id: assistant_id, user_message: user_message, thread_id: thread_id, timeout: timeout).call(&block)
      end

      # @return [String, nil] the thread or conversation that was given
      attr_reader :existing_thread_id

      # @param assistant_id [String] "asst_…"
      # @param user_message [String, Array<Hash>] text, or content parts
      # @param thread_id [String, nil] what to go on from: the id that an earlier answer has. nil: a new thread or,
      #   where the assistant has a definition, a new conversation.
      # @param timeout [Numeric, #to_f] seconds for the whole call. Default 60.
      # @raise [ArgumentError] where one of these can't be used; it says what to give
      # @raise [AssistantError] "OpenAI API key not configured"
      def initialize(assistant_id:, user_message:, thread_id: nil, timeout: 60)
        @existing_thread_id = thread_id
        thread_id ||= :new
        own_errors { super(assistant_id: assistant_id, prompt: user_message, timeout: timeout, thread_id: thread_id) }
      end

      # @return [String, Array<Hash>]
      def user_message
        prompt
      end

      # @yieldparam delta [String] a piece of the text, as it arrives
      # @return [Object] what `LlmResponseNormalizers::Openai::Assistants.normalize` makes of the answer
      # @raise [AssistantError] where there is no answer; its messages are {Native::Services::OpenaiAssistantService}'s
      def call(&block)
        deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + timeout.to_f
        result = own_errors { super(&block) }
        PromptTracker::LlmResponseNormalizers::Openai::Assistants.normalize(answer(result, deadline))
      end

      private

      def access_token
        key = Native::Configuration::Snapshot.present(PromptTracker.configuration.api_key_for(:openai))
        return key if key || !Native.configuration.needs_api_key?

        raise AssistantError, "OpenAI API key not configured"
      end

      def answer(result, deadline)
        raw = result[:raw]
        { content: result[:text], usage: raw[:run]["usage"] || {}, assistant_id: assistant_id,
          run_steps: Native::AnswerSteps.new(client, assistant_id, deadline).of(raw),
          thread_id: raw[:thread_id], run_id: raw[:run_id], annotations: annotations(raw[:assistant_message]) }
      rescue StandardError => e
        raise if client.is_a?(Native::Client) && !e.is_a?(Native::ErrorDetails) # came into the call from elsewhere

        raise copy(e, "Failed to retrieve response: #{e.message}"), cause: e
      end

      def annotations(message)
        texts = Array(message["content"]).filter_map { |block| block["text"] if block.is_a?(Hash) }
        texts.flat_map { |text| text.is_a?(Hash) ? Array(text["annotations"]) : [] }
      end

      # What the gem's own service raises, as this one's.
      def own_errors
        yield
      rescue Native::Services::OpenaiAssistantService::AssistantError => e
        raise copy(e, e.message), cause: e.cause
      end

      def copy(error, message)
        names = error.is_a?(Native::ErrorDetails) ? error.instance_variables : []
        names.each_with_object(AssistantError.new(message)) do |name, copy|
          copy.instance_variable_set(name, error.instance_variable_get(name))
        end
      end
    end
  end
end
