# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # {Client::Messages}
        class Messages
          # The least that is asked for at once: not every item is a message.
          LEAST = 20

          private_constant :LEAST

          # @param places [#thread] knows the threads
          def initialize(client, places = Classic)
            @client = client
            @places = places
          end

          # @return [Hash]
          def list(thread_id, parameters)
            page = Page.new(parameters, %w[run_id])
            refuse_before if page.before
            thread = @places.thread(@client, thread_id)
            found = items(thread, page).lazy.filter_map { |item| message(item, thread_id) }.first(page.limit + 1)
            fill(found, page, thread)
            Page.list(found.first(page.limit), more: found.size > page.limit)
          end

          # @return [Hash]
          def retrieve(thread_id, id)
            Query.id(:id, id)
            thread = @places.thread(@client, thread_id)
            item = thread.item(id)
            message = message(item, thread_id) ||
                      raise(Classic.not_found("No message found with id '#{id}': it is a #{item["type"]}."))
            message["created_at"] ||= thread.created_at
            message
          end

          # @return [Hash]
          def create(thread_id, parameters)
            fields = parameters.to_hash
            item = Mapping::Content.item("message", fields)
            kept = @places.thread(@client, thread_id).add([item]).first
            raise AnswerError, "the server did not answer with the item that was added" unless kept.is_a?(Hash)

            metadata = Configuration::Check.plain(fields[:metadata] || fields["metadata"])
            fact = Fact.new(created_at: Time.now.to_i, metadata: metadata)
            Classic.facts[kept["id"]] = fact
            Shapes.message(kept, thread_id, fact)
          end

          # @raise [UnsupportedError]
          def modify(thread_id, id)
            raise UnsupportedError, "messages.modify can't be served for #{id} of #{thread_id}: the items of a " \
                                    "conversation have no metadata, and can't be changed"
          end

          # @return [Hash]
          def delete(thread_id, id)
            Query.id(:id, id)
            @places.thread(@client, thread_id).delete_item(id)
            Classic.facts.delete(id)
            { "id" => id, "object" => "thread.message.deleted", "deleted" => true }
          end

          private

          def refuse_before
            raise UnsupportedError, "messages.list can't page `before` a message: no endpoint does that with the " \
                                    "items of a conversation. Ask for those `after` it, in the other order"
          end

          def message(item, thread_id)
            Shapes.message(item, thread_id, Classic.facts[item["id"]])
          end

          def items(thread, page)
            return said_in(thread, page) if page["run_id"]

            thread.items(order: page.order, after: page.after, page: (page.limit * 2).clamp(LEAST, 100))
          end

          # What one run said, from its responses.
          def said_in(thread, page)
            run_id = Query.id(:run_id, page["run_id"])
            run = Classic.runs[run_id]
            responses = (run&.responses || [run_id]).map { |id| Classic.response(thread, run, id) }
            responses.each { |response| (run ||= Run.found(response, thread.id)).see(response) }
            items = responses.flat_map { |response| Array(response["output"]) }
            items = items.reverse if page.order == "desc"
            page.after ? items.drop_while { |item| item["id"] != page.after }.drop(1) : items
          end

          # A message that this process knows nothing of was made when the one before it was, or at the thread's start.
          def fill(messages, page, thread)
            last = nil
            (page.order == "desc" ? messages.reverse : messages).each do |message|
              last = [message["created_at"], last].compact.max || thread.created_at
              message["created_at"] = last
            end
          end
        end
      end
    end
  end
end
