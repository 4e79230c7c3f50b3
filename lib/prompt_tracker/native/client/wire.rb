# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # Which API the classic verbs (threads, messages, runs, run steps, assistants) are spoken on: the Assistants API,
      # or, where definitions of assistants are known here, Conversations and Responses. docs/classic_verbs.md has the
      # rule.
      #
      # @api private
      module Wire
        # Ids of threads that were made on one of the two.
        THREADS = "thread_"
        CONVERSATIONS = %w[conv_ resp_].freeze
        # How long it counts that there are definitions.
        SECONDS = 5

        private_constant :THREADS, :CONVERSATIONS, :SECONDS

        class << self
          # @param thread_id [Object] what a caller gave as one
          # @return [Boolean] true: Conversations and Responses
          def thread?(client, thread_id)
            return false if never?(client) || !thread_id.is_a?(String)

            id = thread_id.b # it may be no id at all, in any encoding
            !id.start_with?(THREADS) && (id.start_with?(*CONVERSATIONS) || known?(id) || new_thread?(client))
          end

          # @return [Boolean] the same for a thread that is made while no assistant is in sight
          def new_thread?(client)
            !never?(client) && (Native.configuration.api == :responses || definitions?)
          end

          # @param assistant_id [Object] what a caller gave as one
          # @return [Boolean] the same for an assistant, and for a run with a thread of its own
          def assistant?(client, assistant_id)
            !never?(client) && (Native.configuration.api == :responses || !Definitions.find(assistant_id).nil?)
          end

          private

          def never?(client)
            client.assistants_only? || Native.configuration.api == :assistants || Native.interceptor&.classic?
          end

          # Servers may have ids without a prefix. Nothing is known where that part was never loaded.
          def known?(thread_id)
            Client.autoload?(:Classic).nil? && Classic.known?(thread_id)
          end

          # To list all definitions takes a while. That there are some is remembered, that there are none is not: the
          # first one counts at once.
          def definitions?
            settings = Native.configuration.settings
            assistants = settings.fetch(:assistants)
            return true if assistants.respond_to?(:call) || assistants&.any?

            of, over = @known
            return true if settings.equal?(of) && Process.clock_gettime(Process::CLOCK_MONOTONIC) < over
            return false if Definitions.all.empty?

            @known = [settings, Process.clock_gettime(Process::CLOCK_MONOTONIC) + SECONDS].freeze
            true
          end
        end
      end
    end
  end
end
