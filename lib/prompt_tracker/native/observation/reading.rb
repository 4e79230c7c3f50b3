# frozen_string_literal: true

module PromptTracker
  module Native
    module Observation
      # Fills payloads from services, results, answers and errors. What is not known is left out.
      #
      # @api private
      module Reading
        # Readers of errors whose values a payload has.
        DETAILS = %i[status code request_id thread_id run_id].freeze
        SERVER = %r{\A(https?)://([^/]+)}i
        private_constant :DETAILS, :SERVER

        class << self
          # @return [Hash] what is known of a call before it is made
          def call(service)
            payload = service.is_a?(Services::LlmClientService) ? chat(service) : assistant(service)
            payload.update(requests: 0, attempts: 0)
            payload[:prompt] = service.prompt if content?
            payload.compact
          end

          # @return [Hash] the result
          def result(payload, result)
            raw = result[:raw]
            payload[:usage] = result[:usage]
            payload[:response_model] = payload[:operation] == :chat ? result[:model] : nil
            of_run(payload, raw) if payload[:operation] == :assistant
            payload[:response_id] ||= raw["id"] if raw.is_a?(Hash)
            payload[:text] = result[:text] if content?
            payload.compact!
            result
          end

          # What a request's answer says of itself.
          def answer(payload, object)
            object = object["response"] || object if object.is_a?(Hash)
            return unless object.is_a?(Hash)

            payload[:usage] = usage(object["usage"])
            payload[:response_model] = string(object["model"])
            payload[:response_id] = string(object["id"]) if payload[:response_model]
            payload.compact!
          end

          # @param error [Exception]
          def error(payload, error)
            payload[:error] = error.class.name
            return unless error.is_a?(ErrorDetails)

            DETAILS.each { |name| payload[name] = error.public_send(name) || payload[name] }
            payload[:code] = string(payload[:code])
            payload.compact!
          end

          # Adds a request to the call that it is part of.
          def count(call, request)
            call[:requests] += 1
            call[:attempts] += request[:attempts] || 1
            %i[scheme host status request_id].each { |name| call[name] = request[name] if request[name] }
          end

          private

          def assistant(service)
            thread_id = service.instance_variable_get(:@thread_id)
            { operation: :assistant, api: :assistants, assistant_id: service.assistant_id, thread_id: string(thread_id),
              **server(service.client) }
          end

          def chat(service)
            { operation: :chat, provider: service.instance_variable_get(:@provider) || "openai", model: service.model }
          end

          def of_run(payload, raw)
            run = raw[:run]
            payload[:thread_id] = raw[:thread_id]
            payload[:run_id] = raw[:run_id]
            return unless run.is_a?(Hash)

            payload[:run_status] = run["status"]
            payload[:response_model] = string(run["model"])
            payload[:model] ||= payload[:response_model]
          end

          def server(client)
            match = client.is_a?(Client) && SERVER.match(client.uri_base)
            match ? { scheme: match[1].downcase, host: match[2] } : {}
          end

          # The names of the Responses API differ from those of the others.
          def usage(usage)
            return unless usage.is_a?(Hash)

            input = usage["prompt_tokens"] || usage["input_tokens"]
            output = usage["completion_tokens"] || usage["output_tokens"]
            total = usage["total_tokens"]
            { prompt_tokens: input.to_i, completion_tokens: output.to_i, total_tokens: total.to_i }
          end

          def string(value)
            value if value.is_a?(String)
          end

          def content?
            Native.configuration.capture_content
          end
        end
      end
    end
  end
end
