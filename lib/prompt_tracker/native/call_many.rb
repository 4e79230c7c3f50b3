# frozen_string_literal: true

module PromptTracker
  module Native
    # Many calls at once, from one Ruby thread. Both services have it.
    module CallMany
      # Makes many calls, so many of them at a time. The next one is read from `calls` only when there is a place for
      # it, so `calls` may be lazy or have no end.
      #
      # Each call is what `call(**keywords)` of the service is, with two differences: the handlers of tools and the
      # block run one at a time, on this thread, and what ruby_llm carries is done one after the other.
      #
      # @example The results in order
      #   calls = prompts.map { |prompt| { assistant_id: "asst_abc123", prompt: prompt } }
      #   PromptTracker::OpenaiAssistantService.call_many(calls, concurrency: 200).each do |result|
      #     puts result.is_a?(Exception) ? "failed: #{result.message}" : result[:text]
      #   end
      # @example As they finish, in memory that depends on the concurrency alone
      #   lines = File.foreach("prompts.txt", chomp: true)
      #   calls = lines.lazy.map { |line| { assistant_id: "asst_abc123", prompt: line } }
      #   PromptTracker::OpenaiAssistantService.call_many(calls) { |index, result| save(index, result) }
      #
      # @param calls [#each] a Hash of keywords for each call, as the service's `call` takes them; with `timeout:` a
      #   call has a limit of its own
      # @param concurrency [Integer] how many may be in flight, 1 to 10,000. Default 100.
      # @param timeout [Numeric, #to_f, nil] seconds for each call that does not give its own, from the moment that it
      #   is started. Default nil: what `call` has.
      # @param on_error [Symbol] `:return`: a call that fails has its error for a result, and the others go on.
      #   `:raise`: the first that fails ends all. The error is raised, and those in flight are cancelled, at the server
      #   too where their runs are known. Default `:return`.
      # @yieldparam index [Integer] the place of the call in `calls`, from 0
      # @yieldparam result [Hash, StandardError] what `call` returned or, where it failed, raised
      # @return [Array<Hash, StandardError>, Integer] the results in the order of `calls`; with a block, how many calls
      #   there were
      # @raise [ArgumentError] where one of these can't be used. A call that can't be made fails by itself.
      def call_many(calls, concurrency: 100, timeout: nil, on_error: :return, &block)
        Native.check_ractor
        return perform_calls(calls, concurrency, timeout, on_error, &block) unless defined?(::OpenTelemetry)

        Native.load_observation
        Observation::Tracing.batch { perform_calls(calls, concurrency, timeout, on_error, &block) }
      end
    end
  end
end
