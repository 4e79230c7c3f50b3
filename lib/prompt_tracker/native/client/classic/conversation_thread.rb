# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # A thread that is a conversation at the server.
        class ConversationThread
          # How many of its newest items are looked at for an output.
          LOOKED_AT = 100
          # What metadata can have besides the Client's own.
          MOST_METADATA = Mapping::Request::MOST_METADATA - Run::OWN_METADATA.size

          class << self
            # @param items [Array<Hash>] any number
            # @param metadata [Hash]
            # @return [Hash] the conversation
            def create(client, items, metadata)
              first, *more = items.each_slice(Conversations::MOST_ITEMS).to_a
              fields = { items: first, metadata: metadata.empty? ? nil : metadata }.compact
              conversation = client.conversations.create(parameters: fields)
              unless conversation["id"].is_a?(String)
                raise AnswerError, "the server's answer has no id for the conversation"
              end

              thread = new(client, conversation["id"])
              more.each { |slice| thread.add(slice) }
              conversation
            rescue StandardError
              thread&.discard
              raise
            end
          end

          # @return [String]
          attr_reader :id

          def initialize(client, id)
            @client = client
            @id = id
          end

          # @return [Hash] the conversation
          def to_h
            note(@client.conversations.retrieve(id: id))
          end

          # Takes note of the conversation's state.
          #
          # @return [Hash] the same
          def note(conversation)
            Classic.threads[conversation["id"] || id] = conversation
            conversation
          end

          # @return [Hash] the conversation as it was when this process last saw it
          def known
            Classic.threads[id] || to_h
          end

          # @return [Integer]
          def created_at
            known["created_at"] || 0
          end

          # @return [Hash] the thread's tool_resources
          def resources
            Shapes.thread(known)["tool_resources"]
          end

          # @param metadata [Hash] all of it
          # @return [Hash] the conversation
          def modify(metadata)
            note(@client.conversations.modify(id: id, parameters: { metadata: metadata }))
          end

          def delete
            Classic.threads.delete(id)
            @client.conversations.delete(id: id)
          end

          # Deletes it, as well as it can be done: there is an error already.
          def discard
            delete
          rescue Error
            nil
          end

          # Items one by one, as many as are asked for.
          #
          # @return [Enumerator<Hash>]
          def items(order:, after: nil, page: LOOKED_AT)
            pages(order, after, page) do |query|
              @client.conversations.list_items(conversation_id: id, parameters: query)
            end
          end

          # @param items [Array<Hash>] at most {Conversations::MOST_ITEMS}
          # @return [Array<Hash>] as the server keeps them
          def add(items)
            added = Patience.wait(@client) do
              @client.conversations.create_items(conversation_id: id, parameters: { items: items })
            end
            Array(added["data"])
          end

          # @return [Hash]
          def item(item_id)
            @client.conversations.get_item(conversation_id: id, item_id: item_id)
          end

          def delete_item(item_id)
            Patience.wait(@client) { @client.conversations.delete_item(conversation_id: id, item_id: item_id) }
          end

          # Makes a response in it.
          #
          # @param run [Run]
          # @param input [Array<Hash>]
          # @param events [#call, nil] takes the events, where it is to be streamed
          # @return [Hash, nil] the response; nil where it was streamed
          def respond(run, input, events = nil)
            store = Native.configuration.store
            body = { **run.parameters, **place, input: input, store: store, metadata: metadata(run) }
            body[:background] = true if background?
            body[:stream] = events if events
            answer = Patience.wait(@client) { @client.responses.create(parameters: body) }
            answer unless answer.is_a?(String)
          end

          # @return [Boolean] can a response of it be taken up again?
          def background?
            Native.configuration.background && Native.configuration.store
          end

          # Yields what follows of a background response's events.
          def follow(response_id, after, &events)
            path = "/responses/#{Query.id(:run_id, response_id)}"
            @client.events(path, { stream: true, starting_after: after }, &events)
          end

          # @return [Hash]
          def response(response_id, included = [])
            query = { include: included.empty? ? nil : included }
            @client.object(:get, "/responses/#{Query.id(:run_id, response_id)}", query: query)
          end

          # @return [Hash]
          def cancel(response_id)
            @client.responses.cancel(response_id: response_id)
          end

          # @param call_ids [Array<String>]
          # @return [Boolean] does it have an output of one of them?
          def answered?(call_ids)
            items(order: "desc").first(LOOKED_AT).any? do |item|
              item["type"] == "function_call_output" && call_ids.include?(item["call_id"])
            end
          end

          private

          def place
            { conversation: id }
          end

          def metadata(run)
            given = run.parameters[:metadata] || {}
            if given.size > MOST_METADATA
              raise ArgumentError, "metadata has #{given.size} keys: at most #{MOST_METADATA} can be sent with a " \
                                   "run, as the Client needs #{Run::OWN_METADATA.join(" and ")}"
            end

            taken = Run::OWN_METADATA.find { |name| given.key?(name) }
            raise ArgumentError, "metadata must not have the key #{taken}, which the Client needs" if taken

            { **given, "assistant_id" => run.assistant_id, "thread_id" => id }
          end

          def pages(order, after, page)
            Enumerator.new do |items|
              last = after
              loop do
                list = yield({ order: order, limit: page, after: last })
                data = Array(list["data"])
                data.each { |item| items << item }
                break if data.empty? || !list["has_more"]

                last = list["last_id"] || data.last["id"]
              end
            end
          end
        end
      end
    end
  end
end
