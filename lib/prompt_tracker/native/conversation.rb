# frozen_string_literal: true

module PromptTracker
  module Native
    # A conversation with an assistant whose history is held here and sent with each question: for servers that keep
    # neither conversations nor responses, and for apps that keep the history themselves. The assistant must have a
    # definition (see {Definitions}). Nothing is stored at the server.
    #
    # It keeps the newest {MOST_ITEMS} items (messages, function calls and their outputs). A question that fails leaves
    # no trace in it. Any thread may use it; questions come one after the other.
    #
    # @example
    #   conversation = PromptTracker::Native::Conversation.new(assistant_id: "asst_abc123")
    #   conversation.ask("What's the capital of France?")[:text]    # => "Paris."
    #   conversation.ask("And of Italy?") { |delta| print delta }
    #   saved = conversation.messages
    #   PromptTracker::Native::Conversation.new(assistant_id: "asst_abc123", messages: saved)
    class Conversation
      # How many items it keeps.
      MOST_ITEMS = Client::Classic::History::MOST_ITEMS

      # @return [String]
      attr_reader :assistant_id

      # @param assistant_id [String]
      # @param messages [Array<Hash>] what was said before, oldest first: `role:` and `content:`, as {#messages} has it
      # @param timeout [Numeric, #to_f] seconds for one question
      # @param client [Client, nil] default: as {OpenaiAssistantService} makes it
      # @param options [Hash] further options of {OpenaiAssistantService#initialize}, but `thread_id` and `flow`:
      #   `tools:`, `instructions:` and so on, for each question
      # @raise [ArgumentError] names the message that can't be sent
      def initialize(assistant_id:, messages: [], timeout: 60, client: nil, **options)
        unless client.nil? || client.is_a?(Client)
          raise ArgumentError, "client must be a #{Client}, not #{client.class}"
        end

        @assistant_id = assistant_id
        @options = { timeout: timeout, **options }
        @client = client
        @history = Client::Classic::History.new
        @history.add(Mapping.items(messages))
      end

      # Asks, and adds the question and its answer to the history.
      #
      # @param prompt [String, Array<Hash>] text, or content parts
      # @yieldparam delta [String] a piece of the text, as it arrives
      # @return [Hash] as {OpenaiAssistantService#call}. `raw[:thread_id]` is nil: there is no thread at the server;
      #   `raw[:response]` is the last response.
      # @raise [ArgumentError] where the prompt or an option can't be used
      # @raise [OpenaiAssistantService::AssistantError] as {OpenaiAssistantService#call}
      def ask(prompt, &block)
        @history.hold do
          before = @history.items
          result = answer(prompt, block)
          before = nil
          result
        ensure
          @history.restore(before) if before
        end
      end

      # What was said so far.
      #
      # @return [Array<Hash{String => Object}>] `"role"` and `"content"`, oldest first: plain JSON, to be kept anywhere,
      #   and given again as `messages:` or to {OpenaiAssistantService.import_thread}
      def messages
        said = @history.input.select { |item| item["type"] == "message" }
        said.map { |item| item.slice("role", "content") }
      end

      # @return [String] without what was said
      def inspect
        "#<#{self.class} #{assistant_id} messages=#{messages.size}>"
      end
      alias to_s inspect

      private

      def answer(prompt, block)
        desk = Desk.new(@history, block)
        service = Asking.new(desk, @client, assistant_id: @assistant_id, prompt: prompt, thread_id: desk.id, **@options)
        desk.open(service.timeout)
        shown(service.call, desk)
      rescue Services::OpenaiAssistantService::AssistantError => e
        raise desk.interruption || e
      end

      # There is no thread that anyone else could name.
      def shown(result, desk)
        raw = result[:raw]
        [raw[:run], raw[:message]].compact.each { |object| object["thread_id"] = nil }
        result.merge(raw: { **raw, thread_id: nil, response: desk.response })
      end

      # The service, which asks a {Desk} instead of a server.
      #
      # @api private
      class Asking < Services::OpenaiAssistantService
        # @param desk [Desk]
        # @param client [Client, nil]
        def initialize(desk, client, **more)
          @desk = desk
          @given = client
          super(**more)
        end

        private

        def build_client
          client = @given || super
          @desk.client = client.is_a?(Client) ? client.native : client
          @desk
        end
      end

      # Stands between the service and the server: what the service says in the classic verbs becomes requests for
      # responses that hold the history.
      #
      # @api private
      class Desk
        # @return [String] what the service takes for a thread
        attr_reader :id
        # @return [StandardError, nil] what the caller's block raised
        attr_reader :interruption

        # @param history [Client::Classic::History]
        # @param block [Proc, nil] takes the text
        def initialize(history, block)
          conversation = { "id" => "conv_local_#{object_id}", "created_at" => Time.now.to_i, "metadata" => {} }
          @held = Client::Classic::Histories::Held.new(conversation, history)
          @id = conversation["id"]
          @block = block
        end

        # @param client [Client]
        def client=(client)
          unless client.is_a?(Client)
            raise ArgumentError, "a conversation needs a #{Client}, and the services use a #{client.class} here: " \
                                 "give one as client:"
          end

          @client = client
        end

        # From now on the time is running.
        #
        # @param timeout [#to_f] seconds
        def open(timeout)
          client = @client.with_deadline(Process.clock_gettime(Process::CLOCK_MONOTONIC) + timeout.to_f)
          @runs = Client::Classic::Runs.new(client, self)
          @thread = Client::Classic::HeldThread.new(client, @held)
        end

        # @return [Client::Classic::HeldThread]
        def thread(_client, _id)
          @thread
        end

        # @return [self] for both messages and runs: their verbs have names of their own, but for one
        def runs
          self
        end

        # @return [Messages]
        def messages
          @messages ||= Messages.new(@thread, self)
        end

        # @return [Hash] the run
        def create(thread_id:, parameters:)
          run { |more| @runs.create(thread_id, { **parameters, **more }, nil) }
        end

        # @return [Hash] the run
        def retrieve(thread_id:, id:)
          @runs.retrieve(thread_id, id)
        end

        # @return [Hash] the run
        def submit_tool_outputs(thread_id:, run_id:, parameters:)
          run { |more| @runs.submit_tool_outputs(thread_id, run_id, { **parameters, **more }) }
        end

        # @return [Hash] the last response
        def response
          Client::Classic.runs[@last["id"]]&.kept
        end

        # @return [Hash, nil] what the last response said, as a message
        def message
          message = response && ResponseShape.message(response, @last["assistant_id"], @id, nil)
          message&.update("run_id" => @last["id"])
        end

        private

        # Where the caller wants the text as it comes, the run is streamed.
        def run
          return @last = yield({}) unless @block

          @last = nil
          answer = yield({ stream: method(:take) })
          @last ||= answer if answer.is_a?(Hash)
          raise AnswerError, "the stream ended before its answer was whole" unless @last

          pass_on(Array(message&.fetch("content"))) if answer.is_a?(Hash)
          @last
        end

        def take(data, event)
          case event
          when "thread.message.delta" then pass_on(Array(data.dig("delta", "content")))
          when "error" then raise AnswerError, data["message"].to_s
          when /\Athread\.run\.[a-z_]+\z/ then @last = data
          end
        end

        def pass_on(blocks)
          blocks.each do |block|
            text = block["refusal"] || block.dig("text", "value")
            @block.call(text) if text
          rescue StandardError => e
            @interruption = e
            raise
          end
        end

        # The messages, as the service asks for them.
        #
        # @api private
        class Messages
          def initialize(thread, desk)
            @thread = thread
            @desk = desk
          end

          # @return [Hash] the item
          def create(parameters:, **)
            @thread.add(Mapping.input(parameters[:content])).first
          end

          # @return [Hash] a list with the answer
          def list(**)
            { "object" => "list", "data" => [@desk.message].compact }
          end
        end
      end
      private_constant :Asking, :Desk
    end
  end
end
