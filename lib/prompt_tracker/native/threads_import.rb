# frozen_string_literal: true

module PromptTracker
  module Native
    # `import_thread` of {OpenaiAssistantService}, which extends it.
    module ThreadsImport
      # Makes a conversation of messages that the app kept, as OpenAI carried no threads over from its Assistants API.
      #
      # @param messages [Array<Hash>, Hash] each with `role` ("user" or "assistant") and `content`: a String or content
      #   parts; or messages as the Assistants API had them, or its list of them. Where each has a `created_at`
      #   (seconds, a Time, or a String such as "2026-08-01T12:00:00Z"), they are put in its order; else they are taken
      #   as they come, oldest first.
      # @param client [Native::Client, nil] default: one with the key of the assistants
      # @return [String] the conversation's id, "conv_…": a `thread_id` for {OpenaiAssistantService.call}
      # @raise [ArgumentError] names the message and the field that can't be carried over
      # @raise [OpenaiAssistantService::AssistantError] "Failed to create thread: …"
      # @example
      #   id = PromptTracker::OpenaiAssistantService.import_thread([{ role: "user", content: "Hello!" },
      #                                                             { role: "assistant", content: "Good morning." }])
      #   PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_abc123", prompt: "Go on.", thread_id: id)
      def import_thread(messages, client: nil)
        items = Mapping.items(Order.oldest_first(messages))
        client = client.is_a?(Client) ? client.native : client || Keys.client(self)
        Client::Classic::ConversationThread.create(client, items, {}).fetch("id").dup
      rescue Native::Error => e
        raise Failure.of(self, e)
      end

      # @api private
      module Keys
        # @return [Client] with the key that the service's calls have
        def self.client(service)
          Client.new(access_token: service.allocate.send(:access_token))
        end
      end

      # @api private
      module Failure
        # What a server without conversations says.
        LACKING = [404, 405, 501].freeze
        ADVICE = ". Where the server has no conversations, Native::Conversation.new(assistant_id:, messages:) goes " \
                 "on from them"

        def self.lacking?(cause)
          LACKING.include?(cause.status)
        end

        # @return [StandardError] with all that the cause knows
        def self.of(service, cause)
          error = service::AssistantError.new("Failed to create thread: #{cause.message}#{ADVICE if lacking?(cause)}")
          cause.instance_variables.each { |name| error.instance_variable_set(name, cause.instance_variable_get(name)) }
          error
        end
      end

      # @api private
      module Order
        class << self
          # @return [Array<Hash>]
          def oldest_first(messages)
            list = list(messages)
            times = list.map { |message| time(member(message, :created_at)) }
            return list if times.any?(&:nil?)

            # Lists come newest first: of those of the same second, too, the last is the oldest.
            if times.size > 1 && times.first > times.last
              list = list.reverse
              times = times.reverse
            end
            list.zip(times).sort_by.with_index { |(_, time), index| [time, index] }.map(&:first)
          end

          private

          def list(messages)
            messages = member(messages, :data) || [messages] if messages.is_a?(Hash)
            raise ArgumentError, "messages must be an Array, not #{messages.class}" unless messages.respond_to?(:to_ary)

            messages.to_ary.each_with_index.map do |message, index|
              next message.to_h if message.respond_to?(:to_h) && !message.is_a?(Array) && !message.nil?

              raise ArgumentError, "messages[#{index}] must be a Hash with role and content, not #{message.class}"
            end
          end

          def member(hash, name)
            hash.fetch(name) { hash[name.to_s] }
          end

          def time(value)
            case value
            when Numeric, Time then value.to_f
            when String then value.match?(/\A\d+(?:\.\d+)?\z/) ? value.to_f : parse(value)
            else value.to_time.to_f if value.respond_to?(:to_time)
            end
          rescue ArgumentError
            nil
          end

          # Needed rarely, and slow to load.
          def parse(text)
            require "time"
            Time.parse(text).to_f
          end
        end
      end
      private_constant :Keys, :Failure, :Order
    end
  end
end
