# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # A refusal, with the fields of OpenAI's error object. Raised by the endpoints, answered by {ErrorShape}.
      # @private
      class ApiError < StandardError
        attr_reader :status, :type, :param, :code, :headers

        def initialize(message, status: 400, type: "invalid_request_error", param: nil, code: nil, headers: {})
          super(message)
          @status = status
          @type = type
          @param = param
          @code = code
          @headers = headers
        end

        def to_h = { "message" => message, "type" => type, "param" => param, "code" => code }

        class << self
          def missing_key
            new("You didn't provide an API key. Send it in an Authorization header with Bearer auth: " \
                "Authorization: Bearer YOUR_KEY.", status: 401, code: "invalid_api_key")
          end

          def missing_beta
            new("You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by " \
                "setting the header 'OpenAI-Beta: assistants=v2'.", code: "invalid_beta")
          end

          def unknown_url(request, status = 404) = new("Invalid URL (#{request})", status: status)

          def wrong_method(request, allowed)
            new("Not allowed to #{request.method} on #{request.path}.",
                status: 405, code: "method_not_supported", headers: { "allow" => allowed.join(", ") })
          end

          def malformed_json = new("We could not parse the JSON body of your request.")

          def content_type(type)
            new("Unsupported content type: '#{type}'. This API method only accepts 'application/json' requests.",
                code: "unsupported_content_type")
          end

          def not_found(what, id, param: nil) = new("No #{what} found with id '#{id}'.", status: 404, param: param)

          def model_not_found(id)
            new("The model '#{id}' does not exist or you do not have access to it.",
                status: 404, param: "model", code: "model_not_found")
          end

          def missing_parameter(name)
            new("Missing required parameter: '#{name}'.", param: name, code: "missing_required_parameter")
          end

          def unknown_parameter(name) = new("Unknown parameter: '#{name}'.", param: name, code: "unknown_parameter")

          def invalid_type(name, expected, got)
            new("Invalid type#{" for '#{name}'" if name}: expected #{expected}, but got #{kind_of_value(got)} instead.",
                param: name, code: "invalid_type")
          end

          def invalid_value(name, got, allowed)
            list = allowed.map { |value| "'#{value}'" }
            list = list.size > 1 ? "#{list[0..-2].join(", ")} and #{list[-1]}" : list.join
            new("Invalid value: '#{got}'. Supported values are: #{list}.", param: name, code: "invalid_value")
          end

          def unsupported_parameter(name)
            new("Unsupported parameter: '#{name}' is not supported with this model.",
                param: name, code: "unsupported_parameter")
          end

          def exclusive_parameters(one, other)
            new("Mutually exclusive parameters. Ensure you are only providing one of: '#{one}' or '#{other}'.",
                code: "mutually_exclusive_parameters")
          end

          def file_not_found(id, param) = new("No such File object: #{id}", status: 404, param: param)

          def not_a_form(type)
            new("Unsupported content type: '#{type}'. This API method only accepts 'multipart/form-data' requests.",
                code: "unsupported_content_type")
          end

          def response_not_found(id) = new("Response with id '#{id}' not found.", status: 404)

          def conversation_not_found(id) = new("Conversation with id '#{id}' not found.", status: 404)

          def item_not_found(id) = new("Item with id '#{id}' not found.", status: 404)

          def previous_not_found(id)
            new("Previous response with id '#{id}' not found.",
                param: "previous_response_id", code: "previous_response_not_found")
          end

          def duplicate_item(id)
            new("Duplicate item found with id #{id}. Remove duplicate items from your input and try again.",
                param: "input")
          end

          def wrong_id(name, id, prefix)
            new("Invalid '#{name}': '#{id}'. Expected an ID that begins with '#{prefix}'.",
                param: name, code: "invalid_value")
          end

          def conversation_locked
            new("Another process is currently operating on this conversation. Please retry in a few seconds.",
                param: "conversation", code: "conversation_locked")
          end

          def no_tool_output(call_id) = new("No tool output found for function call #{call_id}.", param: "input")

          def no_tool_call(call_id)
            new("No tool call found for function call output with call_id #{call_id}.", param: "input")
          end

          # What OpenAI says with each status, for {LocalServer#fails_with}.
          def typical(status, headers = {})
            message, type, code = TYPICAL.fetch(status) { TYPICAL.fetch(status >= 500 ? 500 : 400) }
            new(message, status: status, type: type, code: code, headers: headers)
          end

          private

          def kind_of_value(value)
            case value
            when nil then "null"
            when true, false then "a boolean"
            when String then "a string"
            when Integer then "an integer"
            when Numeric then "a decimal"
            when Array then "an array"
            else "an object"
            end
          end
        end

        TYPICAL = {
          400 => ["The request is not valid.", "invalid_request_error", nil],
          401 => ["Incorrect API key provided.", "invalid_request_error", "invalid_api_key"],
          403 => ["Your project does not have access to this resource.", "invalid_request_error", "forbidden"],
          404 => ["The requested resource was not found.", "invalid_request_error", nil],
          409 => ["Another request changed this resource.", "invalid_request_error", "conflict"],
          429 => ["Rate limit reached. Please try again later.", "requests", "rate_limit_exceeded"],
          500 => ["The server had an error while processing your request. Sorry about that!", "server_error", nil],
          503 => ["The engine is currently overloaded, please try again later.", "service_unavailable_error", nil]
        }.freeze
        private_constant :TYPICAL
      end
    end
  end
end
