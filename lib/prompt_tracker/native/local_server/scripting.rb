# frozen_string_literal: true

require_relative "answer"
require_relative "api_error"
require_relative "line_up"
require_relative "rate_limit"
require_relative "request_script"
require_relative "script"

module PromptTracker
  module Native
    class LocalServer
      # What a spec tells the server to do. Each call lines up behind the earlier ones; a run, a response or a chat
      # completion takes the first that fits it when it starts. Where nothing is lined up the built-in assistant
      # answers. What is said here of runs holds for responses too.
      #
      # All methods may be called from any thread and return the server, so calls can be chained.
      #
      # @example
      #   server.answer("It is sunny.", delay: 0.5)
      #   server.calls_tool("get_weather", { city: "Berlin" }, then_answer: ->(out) { "It is #{out["get_weather"]}." })
      #   server.fails_with(429, headers: { "retry-after" => "1" }, on: "POST /threads/runs")
      module Scripting
        # Requests that a locked conversation refuses.
        IN_CONVERSATION = lambda do |request|
          next false unless request.method == "POST"

          request.path.match?(%r{/conversations/[^/]+/items\z}) ||
            (request.path.end_with?("/responses") && request.body.is_a?(Hash) && !request.body["conversation"].nil?)
        end
        private_constant :IN_CONVERSATION

        # The next run, response or chat completion answers this.
        #
        # @param text [String, Hash, Array<String>, nil] the answer; a Hash becomes JSON, several Strings become several
        #   messages of one run. nil: the block's value, or else the built-in assistant's words
        # @param usage [Hash, nil, :counted] the usage to report, nil for null; default: counted from the texts
        # @param delay [Numeric, nil] seconds from start to end, over which the deltas are spread; default: the server's
        # @param deltas [Array<String>, nil] how a stream cuts the text; default: by words
        # @param polls [Integer] without a stream: so many retrievals still see the run in progress
        # @param times [Integer, :always] how many runs answer so
        # @param assistant_id [String, nil] only for runs of that assistant, and for responses whose metadata has that
        #   assistant_id
        # @param annotations [Array<Hash>] of the text, as the Responses API has them: file_citation,
        #   container_file_citation, url_citation (left out where the Assistants API has no such thing)
        # @param images [Integer, Array<String>] images after the text: how many, or each in Base64
        # @yieldparam prompt [String] the last user message's text
        # @yieldreturn [String, Hash, Array<String>] the answer; the server stands still meanwhile, so be quick
        # @return [self]
        # @raise [ArgumentError]
        def answer(text = nil, usage: :counted, delay: nil, deltas: nil, polls: 0, times: 1, assistant_id: nil,
                   annotations: [], images: [], &block)
          line_up(Script.new(text: text.nil? && deltas.nil? ? block : text, usage: usage, delay: delay, deltas: deltas,
                             polls: polls, assistant_id: assistant_id, annotations: annotations, images: images), times)
        end

        # The next run, response or chat completion refuses to answer.
        #
        # @param text [String] the refusal
        # @param times (see #answer)
        # @param options [Hash] usage:, delay:, deltas:, polls:, assistant_id: as in {#answer}
        # @return [self]
        def refuses(text = "I'm sorry, but I can't help with that.", times: 1, **options)
          line_up(Script.new(text: text, refusal: true, **options), times)
        end

        # The next run ends like this. A response has no expired (it is failed then) and no requires_action (it is
        # completed then). In chat, failed, cancelled and expired are an error 500 (or 429), and incomplete is a
        # finish_reason.
        #
        # @param status [String, Symbol] "failed", "cancelled", "expired", "incomplete", "requires_action", "completed"
        # @param text [String, nil] what the assistant had said until then
        # @param last_error [Hash, nil] code and message of a failed run
        # @param reason [String, nil] of an incomplete run: "max_completion_tokens" (default) or "max_prompt_tokens"; of
        #   a response: "max_output_tokens" (default, also for the other two) or "content_filter"
        # @param usage (see #answer)
        # @param delay (see #answer)
        # @param deltas (see #answer)
        # @param polls (see #answer)
        # @param times (see #answer)
        # @param assistant_id (see #answer)
        # @return [self]
        # @raise [ArgumentError] for another status
        def ends_with(status, text: nil, last_error: nil, reason: nil, usage: :counted, delay: nil, deltas: nil,
                      polls: 0, times: 1, assistant_id: nil)
          calls = status.to_s == "requires_action" ? [["lookup", {}]] : []
          line_up(Script.new(ending: status, text: text, last_error: last_error, reason: reason, calls: calls,
                             usage: usage, delay: delay, deltas: deltas, polls: polls, assistant_id: assistant_id),
                  times)
        end

        # The next run asks for a function's output, and goes on when it was submitted.
        #
        # @param name [String, Symbol] the function
        # @param arguments [Hash, String] a String is sent as it is, JSON or not
        # @param then_answer [String, Proc, nil] what it answers then; a Proc is given the outputs as a Hash, function
        #   name => output. nil: the next script in line (so tool calls can follow each other), or else a sentence
        #   that quotes the outputs
        # @param options [Hash] usage:, delay:, polls:, times:, assistant_id: as in {#answer}
        # @return [self]
        def calls_tool(name, arguments = {}, then_answer: nil, **options)
          calls_tools([[name, arguments]], then_answer: then_answer, **options)
        end

        # The same with several functions at once.
        #
        # @param calls [Array<Array(String, Hash)>] names and arguments
        # @param then_answer (see #calls_tool)
        # @param options (see #calls_tool)
        # @return [self]
        def calls_tools(calls, then_answer: nil, times: 1, **options)
          line_up(Script.new(ending: "requires_action", calls: calls, then_answer: then_answer, **options), times)
        end

        # The next run stays like this until it is cancelled. A stream stays open, silent.
        #
        # @param status [String] "in_progress" or "queued"
        # @param text [String, nil] what the assistant says before it falls silent
        # @param times (see #answer)
        # @param assistant_id (see #answer)
        # @return [self]
        def stays(status = "in_progress", text: nil, times: 1, assistant_id: nil)
          line_up(Script.new(ending: status, stays: true, text: text, assistant_id: assistant_id), times)
        end

        # The next stream breaks off. A run goes on and ends at the server, and so does a response in the background.
        # Any other response ends there, as OpenAI does it, and can't be found any more.
        #
        # @param after [Symbol, String, Integer, nil] after this event (`:run_created`, `:message_delta`,
        #   "thread.message.created" …) or after so many events
        # @param bytes [Integer, nil] instead: after so many bytes of the body
        # @param how [Symbol] `:close` the connection, `:reset` it, or send an `:error` event and end
        # @param found [Boolean, String] true: the response goes on all the same; a status such as "in_progress" or
        #   "cancelled": it is found with that
        # @param times (see #answer)
        # @return [self]
        # @raise [ArgumentError]
        def breaks_stream(after: nil, bytes: nil, how: :close, found: false, times: 1)
          @breaks.add(Break.new(after: after, bytes: bytes, how: how, found: found), times: times)
          self
        end

        # The next response in a conversation, or the next items for one, are refused: it is locked.
        #
        # @param times [Integer, :always] how many requests
        # @return [self]
        def locks_conversation(times: 1)
          refuse(IN_CONVERSATION, 0, times) { raise ApiError.conversation_locked }
        end

        # A request is refused.
        #
        # @param status [Integer] HTTP status
        # @param body [Hash, String, nil] the answer's body; default: what OpenAI says with that status, in the shape
        #   that the error quirks ask for
        # @param headers [Hash{String => String}] more headers, such as retry-after
        # @param on [String, Regexp, Proc, nil] which requests: "POST /threads/{id}/runs" (also with `*`), a Regexp for
        #   "POST /threads/thread_1/runs", or a Proc that is given the {Request}; nil: the next request
        # @param delay [Numeric] seconds before the answer
        # @param times [Integer, :always] how many requests
        # @return [self]
        # @raise [ArgumentError]
        def fails_with(status, body: nil, headers: {}, on: nil, delay: 0, times: 1)
          check_status(status)
          headers = lower(headers)
          refuse(on, delay, times) do |delivery, _request|
            raise ApiError.typical(status, headers) if body.nil?

            delivery.call(Answer.new(json(body), status: status, headers: typed(body, headers)))
          end
        end

        # From now on, until {LocalServer#reset}, so many requests are served in each stretch of time; those past that
        # are refused with 429. Such a stretch begins with the first request after the last one's end.
        #
        # @param requests [Integer] how many; nil: as many as like
        # @param per [Numeric] seconds
        # @param tells [Array<Symbol>] what answers tell of it: `:retry_after` and `:retry_after_ms`, headers of the
        #   refusals; `:ratelimit`, `x-ratelimit-…-requests` headers of all answers
        # @param on [String, Regexp, Proc, nil] which requests count, as in {#fails_with}; nil: every POST
        # @return [self]
        # @raise [ArgumentError]
        def limits_rate(requests, per: 60, tells: RateLimit::TELLS, on: nil)
          counts = on ? RequestScript.new(on).method(:match?) : ->(request) { request.method == "POST" }
          @rate_limit = requests && RateLimit.new(requests, per: per, tells: tells, on: counts)
          self
        end

        # A request is answered with exactly this: no quirk touches it.
        #
        # @param on (see #fails_with)
        # @param status [Integer]
        # @param headers [Hash{String => String}] content-type is guessed where missing
        # @param body [String, Hash, Enumerable<String>] the parts of an Enumerable are written one by one, chunked
        # @param delay (see #fails_with)
        # @param times (see #fails_with)
        # @return [self]
        # @raise [ArgumentError]
        def raw(on: nil, status: 200, headers: {}, body: "", delay: 0, times: 1)
          check_status(status)
          headers = typed(body, lower(headers))
          text = body.is_a?(Hash) ? JSON.generate(body) : body
          refuse(on, delay, times) do |delivery, _request|
            delivery.verbatim(Answer.new(text, status: status, headers: headers))
          end
        end

        # A request is read, and its connection closed without an answer.
        #
        # @param on (see #fails_with)
        # @param how [Symbol] `:close` or `:reset`
        # @param delay (see #fails_with)
        # @param times (see #fails_with)
        # @return [self]
        def drops(on: nil, how: :close, delay: 0, times: 1)
          raise ArgumentError, "how: :close or :reset" unless %i[close reset].include?(how)

          refuse(on, delay, times) { |_delivery, request| Delivery.hang_up(request.socket, reset: how == :reset) }
        end

        # Switches a quirk on, until {LocalServer#reset} or {#quirks=}.
        #
        # @param name [Symbol] see {LocalServer::QUIRKS}
        # @param options [Hash] those that its description names
        # @return [self]
        # @raise [ArgumentError] for a name that is not there
        def quirk(name, **options)
          @quirk_lock.synchronize { @quirks = @quirks.with(name, options) }
          self
        end

        # @return [Array<Symbol>] the quirks that are on
        def quirks = @quirks.names

        # @param given [Array<Symbol>, Hash{Symbol => Hash}] these and no others; a Hash gives options too
        # @raise [ArgumentError] for a name that is not there
        def quirks=(given)
          @quirk_lock.synchronize { @quirks = Quirks.from(given) }
        end

        private

        def line_up(script, times)
          @scripts.add(script, times: times)
          self
        end

        def refuse(on, delay, times, &action)
          @request_scripts.add(RequestScript.new(on, delay: delay, &action), times: times)
          self
        end

        def check_status(status)
          return if status.is_a?(Integer) && status.between?(100, 599)

          raise ArgumentError, "status: an HTTP status such as 429, not #{status.inspect}"
        end

        def lower(headers) = headers.to_h { |name, value| [name.to_s.downcase, value.to_s] }

        def json(body) = body.is_a?(Hash) ? JSON.generate(body) : body

        def typed(body, headers)
          return headers if headers.key?("content-type")

          headers.merge("content-type" => body.is_a?(Hash) ? "application/json" : guess(body))
        end

        def guess(body)
          return "text/event-stream" unless body.is_a?(String)

          case body
          when /\A\s*[{\[]/ then "application/json"
          when /\A\s*</ then "text/html; charset=utf-8"
          else "text/plain; charset=utf-8"
          end
        end
      end
    end
  end
end
