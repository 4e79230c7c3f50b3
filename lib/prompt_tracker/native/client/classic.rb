# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # The classic verbs (threads, messages, runs, run steps, assistants) on Conversations and Responses: a thread is a
      # conversation, a message an item, a run a response, or several where functions were called in between.
      #
      # What the two APIs don't say of their things, such as the run that wrote a message, is remembered by this
      # process, for all its clients together: the newest of each kind, as many as the constants say.
      # docs/classic_verbs.md has it all.
      #
      # @api private
      module Classic
        autoload :Assistants, "prompt_tracker/native/client/classic/assistants"
        autoload :ConversationThread, "prompt_tracker/native/client/classic/conversation_thread"
        autoload :HeldThread, "prompt_tracker/native/client/classic/held_thread"
        autoload :Histories, "prompt_tracker/native/client/classic/histories"
        autoload :History, "prompt_tracker/native/client/classic/history"
        autoload :ItemEvents, "prompt_tracker/native/client/classic/item_events"
        autoload :Messages, "prompt_tracker/native/client/classic/messages"
        autoload :Page, "prompt_tracker/native/client/classic/page"
        autoload :Patience, "prompt_tracker/native/client/classic/patience"
        autoload :Recent, "prompt_tracker/native/client/classic/recent"
        autoload :ResponseThread, "prompt_tracker/native/client/classic/response_thread"
        autoload :Run, "prompt_tracker/native/client/classic/run"
        autoload :RunEvents, "prompt_tracker/native/client/classic/run_events"
        autoload :RunRequest, "prompt_tracker/native/client/classic/run_request"
        autoload :RunSteps, "prompt_tracker/native/client/classic/run_steps"
        autoload :Runs, "prompt_tracker/native/client/classic/runs"
        autoload :Shapes, "prompt_tracker/native/client/classic/shapes"
        autoload :Steps, "prompt_tracker/native/client/classic/steps"
        autoload :Threads, "prompt_tracker/native/client/classic/threads"

        # How many conversations, runs and messages are remembered.
        MOST_THREADS = 1000
        MOST_RUNS = 1000
        MOST_MESSAGES = 20_000

        # What Conversations don't say of a message.
        Fact = Struct.new(:created_at, :completed_at, :run_id, :assistant_id, :reason, :metadata, keyword_init: true)
        NO_FACT = Fact.new.freeze

        class << self
          # @return [Recent] of conversations: id => their object
          attr_reader :threads
          # @return [Recent] response id => {Run}
          attr_reader :runs
          # @return [Recent] item id => {Fact}
          attr_reader :facts
          # @return [Histories] the threads that are held here
          attr_reader :histories

          # @param resource [Class] of the {Client}
          # @return [Object] what serves the same verbs
          def verbs(resource, client)
            const_get(resource.name[/\w+\z/]).new(client)
          end

          # @return [Boolean] whether this process knows that as a thread of these
          def known?(thread_id)
            histories.id?(thread_id) || !threads[thread_id].nil?
          end

          # @return [ConversationThread, ResponseThread, HeldThread]
          # @raise [ArgumentError] where the id can't be one
          def thread(client, id)
            Query.id(:thread_id, id)
            return HeldThread.new(client, histories.find(id)) if histories.id?(id)

            (id.start_with?("resp_") ? ResponseThread : ConversationThread).new(client, id)
          end

          # One of a run's responses, also where the server doesn't keep it.
          #
          # @param run [Run, nil]
          # @return [Hash]
          def response(thread, run, id, included = [])
            run&.kept(id) || thread.response(id, included)
          end

          # @param what [String] a sentence
          # @return [HTTPError] as a server's own
          def not_found(what)
            HTTPError.new(what).tap do |error|
              error.instance_variable_set(:@status, 404)
              error.instance_variable_set(:@type, "invalid_request_error")
            end
          end

          # Forgets all, as a new process has it. For specs.
          def forget
            @threads = Recent.new(MOST_THREADS)
            @runs = Recent.new(MOST_RUNS)
            @facts = Recent.new(MOST_MESSAGES)
            @histories = Histories.new
          end
        end

        forget
      end
    end
  end
end
