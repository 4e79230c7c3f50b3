# frozen_string_literal: true

require_relative "../answer"
require_relative "../page"

module PromptTracker
  module Native
    class LocalServer
      # One class a resource, one method a request; each returns an {Answer} or raises an {ApiError}. They run inside
      # {Clock#synchronize}.
      # @private
      module Endpoints
        # What the endpoints share.
        class Endpoint
          def initialize(context)
            @context = context
          end

          private

          attr_reader :context

          def request = context.request

          def store = context.store

          def quirks = context.quirks

          def new_id(prefix) = context.ids.call(prefix)

          # @param rules [Rules]
          # @return [Hash] the request's body
          def body(rules) = rules.check(request.object)

          def shown(record) = Answer.new(record.to_h)

          def created(record) = Answer.new(record.to_h, created: true)

          def deleted(id, object) = Answer.new({ "id" => id, "object" => "#{object}.deleted", "deleted" => true })

          def page(records, **limits) = Answer.new(Page.new(records, request.query, quirks, **limits).to_h)

          # The same for items, which nothing pages `before` one.
          def item_page(items)
            raise ApiError.unknown_parameter("before") if request.query.key?("before")

            page(items)
          end

          # @return [Assistant] a known one, or unless the server is strict the built-in one under that id
          def assistant(id, param: nil)
            store.assistants[id] || (Assistant.built_in(id) unless context.strict) ||
              raise(ApiError.not_found("assistant", id, param: param))
          end

          # Adds a message as a request describes it.
          def add_message(conversation, fields)
            if fields["content"].empty?
              raise ApiError.new("Message content must be non-empty.", param: "content", code: "empty_content")
            end

            conversation.add(
              Message.new(new_id("msg"), conversation.id, role: fields["role"], metadata: fields["metadata"] || {},
                                                          content: Message.blocks(fields["content"]),
                                                          attachments: fields["attachments"] || [])
            )
          end

          # Makes a thread as a request describes it.
          def add_conversation(fields)
            conversation = Conversation.new(new_id("thread"), metadata: fields["metadata"] || {},
                                                              tool_resources: fields["tool_resources"] || {})
            (fields["messages"] || []).each { |message| add_message(conversation, message) }
            store.add(conversation)
          end
        end
      end
    end
  end
end
