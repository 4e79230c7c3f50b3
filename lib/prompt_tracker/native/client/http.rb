# frozen_string_literal: true

require_relative "query"
require_relative "stream"

module PromptTracker
  module Native
    class Client
      # Requests to any path of the server, as ruby-openai's client offers them; what the resources are made of.
      #
      # An answer that is JSON is given parsed, with Strings as keys; any other as the String it is.
      module HTTP
        # The request's own headers; the lasting ones are the transport's.
        NO_HEADERS = {}.freeze
        # How much of an answer a message quotes.
        QUOTED = 200
        # What is said of an answer to a POST that can't be read: the extension says it in the same words.
        MAYBE = "; the request may have been carried out: a run may have been started"
        # A key in a text that is quoted, whoever's it is.
        KEY = /\b(?:sk|rk|pk)-[A-Za-z0-9_-]{8,}|Bearer\s+[^\s"',]+/i

        # A header's value that is shorter is no secret, and may stand in any text.
        SECRET = 8
        # Ends a stream, and is no JSON.
        DONE = "[DONE]"

        # Anything else is not worth an attempt: a file's content may be long.
        JSON_BEGINNING = /\A\s*[\[{"\-0-9tfn]/n

        private_constant :NO_HEADERS, :QUOTED, :KEY, :SECRET, :DONE, :JSON_BEGINNING

        # @param path [String] below the base URL, such as "/files"
        # @param parameters [Hash, nil] become the query
        # @return [Hash, Array, String, nil]
        # @raise [Error] as the server or the network has it
        # @example
        #   client.get(path: "/files", parameters: { purpose: "assistants" })
        def get(path:, parameters: nil)
          exchange(:get, path, query: parameters) { |answer| parsed(answer) }
        end

        # A POST without a body.
        #
        # @param path [String]
        # @return [Hash, Array, String, nil]
        # @raise [Error] as the server or the network has it
        def post(path:)
          exchange(:post, path) { |answer| parsed(answer) }
        end

        # @param path [String]
        # @param parameters [Hash] the JSON body; with `stream:` something that takes the events (see {Client})
        # @param query_parameters [Hash]
        # @return [Hash, Array, String, nil] "" where the answer was streamed
        # @raise [ArgumentError] where a text in the parameters isn't valid UTF-8, or `stream:` can't be called
        # @raise [Error] as the server or the network has it
        # @example
        #   client.json_post(path: "/moderations", parameters: { input: "…" })
        def json_post(path:, parameters:, query_parameters: {})
          exchange(:post, path, query: query_parameters, parameters: parameters) { |answer| parsed(answer) }
        end

        # @param path [String]
        # @return [Hash, Array, String, nil]
        # @raise [Error] as the server or the network has it
        def delete(path:)
          exchange(:delete, path) { |answer| parsed(answer) }
        end

        # A POST of a form with files in it. What can be read is sent as a file, from its beginning.
        #
        # @param path [String]
        # @param parameters [Hash, nil] the form: Strings, numbers, files, and Arrays and Hashes of them
        # @return [Hash, Array, String, nil]
        # @raise [ArgumentError] where the files have more than {Configuration#max_upload_bytes}
        # @raise [Error] as the server or the network has it
        # @example
        #   client.multipart_post(path: "/files", parameters: { file: File.open("a.pdf"), purpose: "assistants" })
        def multipart_post(path:, parameters: nil)
          exchange(:post, path, form: parameters) { |answer| parsed(answer) }
        end

        # One request of a resource whose answer must be a JSON object.
        #
        # @api private
        # @param method [Symbol] :get, :post or :delete
        # @param path [String]
        # @param query [Hash, nil]
        # @param parameters [Hash, nil] the JSON body
        # @param form [Hash, nil] the body, as {#multipart_post} has it
        # @return [Hash, String] "" where the answer was streamed
        # @raise [AnswerError] where it isn't one
        def object(method, path, query: nil, parameters: nil, form: nil)
          exchange(method, path, query: query, parameters: parameters, form: form) do |answer|
            value = parsed(answer)
            next value if value.is_a?(Hash)
            next {} if method == :delete && answer.body.to_s.empty?

            raise unusable(answer, "#{method.to_s.upcase} #{path} was answered with HTTP #{answer.status} and " \
                                   "something other than a JSON object: #{quote(answer.body)}" \
                                   "#{MAYBE if method == :post}")
          end
        end

        # The events of a stream that is asked for with a GET.
        #
        # @api private
        # @param path [String]
        # @param query [Hash]
        # @yieldparam data [Object] what the event's JSON holds
        # @yieldparam event [String, nil] the event's name
        # @return [nil]
        def events(path, query)
          transport.stream(:get, target(path, query), nil, NO_HEADERS, time_left) do |event, data|
            yield event_data(data), event unless data == DONE
          end
          nil
        end

        private

        # Sends one request and yields its answer, unless it was streamed.
        def exchange(method, path, query: nil, parameters: nil, form: nil)
          stream, parameters = Stream.split(hash_of(parameters)) unless parameters.nil?
          body, headers = parameters.nil? ? form_body(form) : [Text.generate_json(parameters), NO_HEADERS]
          arguments = [method, target(path, query), body, headers, time_left]
          answer = stream ? streamed(stream, arguments) : transport.request(*arguments)
          answer.body.nil? && stream ? +"" : yield(answer)
        rescue HTTPError => e
          log(e) if log_errors
          raise
        end

        def log(error)
          Native.warning("HTTP error: #{error.message}")
        end

        def form_body(form)
          return [nil, NO_HEADERS] if form.nil?

          multipart = Multipart.new(hash_of(form), limit: Native.configuration.max_upload_bytes)
          [multipart.body, { "Content-Type" => multipart.content_type }]
        end

        def streamed(stream, arguments)
          transport.stream(*arguments) do |event, data|
            stream.call(event_data(data), event) unless data == DONE
          end
        end

        def time_left
          return @request_timeout unless @deadline

          left = @deadline - Process.clock_gettime(Process::CLOCK_MONOTONIC)
          raise TimeoutError, "the time given was over before the request was sent" unless left.positive?

          [left, @request_timeout].compact.min
        end

        def hash_of(parameters)
          return parameters.to_hash if parameters.respond_to?(:to_hash)

          raise ArgumentError, "parameters must be a Hash, not #{parameters.class}"
        end

        def target(path, query)
          raise ArgumentError, "path must be a String, not #{path.class}" unless path.is_a?(String)

          path = "/#{path}" unless path.start_with?("/")
          queries = [Query.encode(query), Query.encode(version_query)]
          queries.reject(&:empty?).each { |part| path = "#{path}#{path.include?("?") ? "&" : "?"}#{part}" }
          path
        end

        def parsed(answer)
          body = answer.body
          return text(body) unless body.b.match?(JSON_BEGINNING)

          # JSON Lines are an Array, as ruby-openai has it.
          Text.parse_json(body.include?("}\n{") ? "[#{body.gsub("}\n{", "},{")}]" : body)
        rescue AnswerError
          text(body)
        end

        def text(body)
          body.valid_encoding? ? body : body.b
        end

        # The first message quotes the data as it came, so it is not kept as the cause.
        def event_data(data)
          Text.parse_json(data)
        rescue AnswerError
          raise AnswerError, "an event of the stream is not JSON: #{quote(data)}", cause: nil
        end

        # The readers of an error are set by the extension; here as it does it.
        def unusable(answer, message)
          error = AnswerError.new(message)
          details = { status: answer.status, headers: answer.headers, body: answer.body,
                      request_id: answer.headers["x-request-id"] }
          details.each { |name, value| error.instance_variable_set(:"@#{name}", value) unless value.nil? }
          error
        end

        # The beginning of an answer, fit to be shown. What is looked at for keys is longer than what is shown, and
        # its end is dropped: half a key would not be recognised there.
        def quote(body)
          secrets = [access_token, admin_token, *extra_headers.values].compact.select { |text| text.length >= SECRET }
          margin = secrets.map(&:length).max.to_i
          body = body.to_s
          text = body[0, QUOTED + margin].scrub("?").gsub(Regexp.union(KEY, *secrets), "[hidden]")
          whole = body.length <= QUOTED + margin
          shown = text[0, whole ? QUOTED : [QUOTED, text.length - margin].min]
          whole && shown == text ? shown.inspect : "#{shown.inspect} …"
        end
      end
    end
  end
end
