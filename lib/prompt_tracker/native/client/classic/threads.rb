# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # {Client::Threads}
        class Threads
          KNOWN = Mapping::Fields::THREAD.keys.freeze
          # What a server without conversations says to one.
          LACKING = [404, 405, 501].freeze

          private_constant :KNOWN, :LACKING

          def initialize(client)
            @client = client
          end

          # @return [Hash]
          def create(parameters)
            fields = fields(parameters)
            items = Mapping.items(fields["messages"] || [])
            metadata = Shapes.metadata(fields["metadata"] || {}, fields["tool_resources"])
            Shapes.thread(conversation(items, metadata))
          end

          # @return [Hash]
          def retrieve(id)
            Shapes.thread(thread(id).to_h)
          end

          # @return [Hash]
          def modify(id, parameters)
            fields = fields(parameters)
            thread = thread(id)
            known = Shapes.thread(thread.known)
            metadata, resources = %w[metadata tool_resources].map { |name| fields.fetch(name, known[name]) || {} }
            Shapes.thread(thread.modify(Shapes.metadata(metadata, resources)))
          end

          # @return [Hash]
          def delete(id)
            answer = thread(id).delete
            { "id" => answer["id"] || id, "object" => "thread.deleted", "deleted" => answer.fetch("deleted", true) }
          end

          private

          def thread(id)
            Query.id(:id, id)
            Classic.thread(@client, id)
          end

          def fields(parameters)
            fields = Configuration::Check.plain(parameters.to_hash)
            unknown = fields.keys - KNOWN
            return fields if unknown.empty?

            raise ArgumentError, "unknown fields of a thread: #{unknown.join(", ")}; known are #{KNOWN.join(", ")}"
          end

          def conversation(items, metadata)
            return HeldThread.create(@client, items, metadata) unless Native.configuration.store

            begin
              conversation = ConversationThread.create(@client, items, metadata)
            rescue HTTPError => e
              raise unless LACKING.include?(e.status)

              return HeldThread.create(@client, items, metadata)
            end
            Classic.threads[conversation["id"]] = conversation
          end
        end
      end
    end
  end
end
