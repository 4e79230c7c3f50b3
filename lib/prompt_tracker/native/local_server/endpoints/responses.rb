# frozen_string_literal: true

require_relative "../event_stream"
require_relative "../responses_api/demands"
require_relative "../responses_api/input"
require_relative "../responses_api/parameters"
require_relative "../responses_api/performance"
require_relative "../responses_api/reading"
require_relative "../responses_api/response"
require_relative "../responses_api/response_events"
require_relative "endpoint"

module PromptTracker
  module Native
    class LocalServer
      module Endpoints
        # /responses
        # @private
        class Responses < Endpoint
          REFUSED = Script.new(ending: "failed", last_error: { message: "The response failed at once." }, delay: 0)

          def create
            params = body(ResponsesApi::Parameters::RESPONSE)
            ResponsesApi::Demands.new(params, quirks, strict: context.strict).check
            origin = origin(params)
            input = ResponsesApi::Input.new(params["input"], context).items
            reading = ResponsesApi::Reading.new(origin&.transcript || [], input)
            reading.check
            start(params, input, origin, reading)
          end

          def retrieve(id)
            response = find(id)
            return resume(response) if request.query["stream"] == "true"

            response.poll
            shown(response)
          end

          def delete(id)
            find(id).delete
            Answer.new({ "id" => id, "object" => "response", "deleted" => true })
          end

          def cancel(id)
            response = find(id)
            raise ApiError.new("Cannot cancel a synchronous response.") unless response.background?

            response.advance
            if response.settled? && response.status != "cancelled"
              raise ApiError.new("Cannot cancel a #{response.status} response.")
            end

            response.cancel
            context.clock.ring
            shown(response)
          end

          def input_items(id) = item_page(find(id).input)

          private

          def find(id)
            response = store.responses[id]
            response&.findable? && !quirks.on?(:no_store) ? response : raise(ApiError.response_not_found(id))
          end

          # @return [ResponsesApi::Dialog, ResponsesApi::Response, nil] what a response shall go on from
          def origin(params)
            conversation = params["conversation"]
            conversation = conversation["id"] if conversation.is_a?(Hash)
            return previous(params["previous_response_id"]) unless conversation

            check_id("conversation", conversation, "conv")
            store.dialog(conversation).tap(&:check_free)
          end

          def previous(id)
            return if id.nil? || quirks.option(:no_store, :ignored, false)

            check_id("previous_response_id", id, "resp")
            response = store.responses[id]
            raise ApiError.previous_not_found(id) unless response&.findable? && !quirks.on?(:no_store)

            response.advance
            return response if response.settled?

            raise ApiError.new("Previous response with id '#{id}' is still #{response.status}.",
                               param: "previous_response_id")
          end

          def check_id(name, id, prefix)
            raise ApiError.wrong_id(name, id, prefix) unless id.match?(/\A(#{prefix}_|\h{8}-)/)
          end

          def start(params, input, origin, reading)
            streams = streams?(params)
            response = ResponsesApi::Response.new(params, input, origin, context,
                                                  streamed: streams, stored: store?(params))
            store.add_response(response)
            ResponsesApi::Performance.new(response, script(params, reading.outputs), context).begin
            streams ? stream(response) : answer(response)
          end

          def streams?(params)
            return false if quirks.any?(:json_for_stream, :failed_200)

            params["stream"] == true
          end

          def store?(params) = params["store"] != false && !quirks.on?(:no_store)

          # Outputs of function calls go to the script that made the calls; anything else takes the next in line.
          def script(params, outputs)
            return REFUSED if quirks.on?(:failed_200)

            context.script_after(outputs, params.dig("metadata", "assistant_id"))
          end

          def stream(response, from: 0)
            breaks = context.next_break
            events = ResponsesApi::ResponseEvents.new(response, context, from: from, breaks: breaks)
            Answer.new(EventStream.new(events, context, breaks: breaks))
          end

          def resume(response)
            unless response.resumable?
              raise ApiError.new("Only a response that was created with background=true and stream=true can be " \
                                 "streamed again.", param: "stream")
            end

            after = request.query.fetch("starting_after", "-1")
            number = Integer(after, 10, exception: false) or
              raise ApiError.invalid_type("starting_after", "an integer", after)
            stream(response, from: number + 1)
          end

          # The response when it has ended; one in the background as it is before anything happened.
          def answer(response)
            wait_for(response) if !response.background? || quirks.any?(:blocking_create, :failed_200)
            created(response)
          end

          def wait_for(response)
            epoch = context.clock.epoch
            loop do
              response.hurry
              return if response.resting?

              check_client(response)
              context.clock.wait([response.next_in, EventStream::LOOK].compact.min, epoch)
            end
          end

          def check_client(response)
            return unless context.connection.gone?

            response.delete unless response.background? || quirks.on?(:outlives_stream)
            raise Clock::Hangup, "the client has gone"
          end
        end
      end
    end
  end
end
