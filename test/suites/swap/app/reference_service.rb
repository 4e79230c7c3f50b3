# frozen_string_literal: true

require "openai"

module PromptTracker
  class LlmClientService
    class ApiError < StandardError; end
  end

  # What an app had before: the classic requests, one after the other, through ruby-openai.
  class OpenaiAssistantService
    class AssistantError < LlmClientService::ApiError; end

    ENDS = { "failed" => "failed", "cancelled" => "was cancelled", "expired" => "expired" }.freeze

    attr_reader :assistant_id, :prompt, :timeout, :client

    def self.call(assistant_id:, prompt:, timeout: 60)
      new(assistant_id: assistant_id, prompt: prompt, timeout: timeout).call
    end

    def initialize(assistant_id:, prompt:, timeout: 60)
      @assistant_id = assistant_id
      @prompt = prompt
      @timeout = timeout
      key = ENV["OPENAI_API_KEY"].to_s # rubocop:disable Style/FetchEnvVar
      raise AssistantError, "OPENAI_API_KEY environment variable not set" if key.strip.empty?

      @client = OpenAI::Client.new(access_token: key)
    end

    def call
      thread_id = step("Failed to create thread") { client.threads.create["id"] }
      step("Failed to add message") do
        client.messages.create(thread_id: thread_id, parameters: { role: "user", content: prompt })
      end
      run_id = step("Failed to run assistant") do
        client.runs.create(thread_id: thread_id, parameters: { assistant_id: assistant_id })["id"]
      end
      wait_for(thread_id, run_id)
      retrieve(thread_id, run_id)
    end

    private

    def step(name)
      yield
    rescue AssistantError
      raise
    rescue StandardError => e
      raise AssistantError, "#{name}: #{e.message}"
    end

    def wait_for(thread_id, run_id)
      over = Process.clock_gettime(Process::CLOCK_MONOTONIC) + timeout
      loop do
        run = step("Error waiting for completion") { client.runs.retrieve(thread_id: thread_id, id: run_id) }
        break if run["status"] == "completed"

        check(run)
        raise AssistantError, "Assistant run timed out after #{timeout} seconds" if clock > over

        sleep 1
      end
    end

    def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

    def check(run)
      if run["status"] == "requires_action"
        raise AssistantError,
              "Assistant requires action (tool calls not yet supported)"
      end

      ending = ENDS[run["status"]] or return
      reason = ": #{run.dig("last_error", "message") || "Unknown error"}" if ending == "failed"
      raise AssistantError, "Assistant run #{ending}#{reason}"
    end

    def retrieve(thread_id, run_id)
      step("Failed to retrieve response") do
        message = client.messages.list(thread_id: thread_id, parameters: { order: "desc", limit: 1 })["data"].first
        run = client.runs.retrieve(thread_id: thread_id, id: run_id)
        usage = %w[prompt_tokens completion_tokens total_tokens].to_h do |name|
          [name.to_sym, run.dig("usage", name) || 0]
        end
        { text: message["content"].first.dig("text", "value"), usage: usage, model: assistant_id,
          raw: { thread_id: thread_id, run_id: run_id, assistant_message: message, message: message, run: run } }
      end
    end
  end
end
