# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # Every way in which this server can differ from OpenAI's, by name. Nearly all of them were met on real servers.
      # Switched on with {LocalServer#quirk} or {LocalServer#quirks=}.
      #
      # @return [Hash{Symbol => String}] name => one line that says what the server then does
      QUIRKS = {
        # What a create or a list answers
        created_201: "creates answer 201 instead of 200",
        uuid_ids: "ids are bare UUIDs, without asst_, thread_, msg_, run_, step_, call_, resp_ or conv_",
        unordered_lists: "lists ignore order, limit, after and before: everything, oldest first",
        shuffled_lists: "lists ignore order and limit, and order what was created in one second at random (seed:)",
        json_for_stream: "answers plain JSON although stream: true was asked",
        blocking_create: "creating a run or a background response answers only when it ended or needs tool outputs",
        failed_200: "creating a run or response answers 200 at once with status failed, in JSON even for a stream",
        # Shapes of the objects
        text_as_string: "content[].text is a plain string (in deltas too with deltas: true); in responses, the content",
        usage_null: "usage is null, also when the run has ended",
        leftover_required_action: "a completed run still carries required_action",
        run_missing_fields: "runs carry id, object, thread_id, status, and required_action or last_error if set; " \
                            "responses id, object, status, output, and error or incomplete_details if set",
        extra_fields: "objects and deltas carry fields that no document names",
        # Content of the assistant's message
        several_messages: "one run writes two messages, the answer being the last",
        image_blocks: "the message has an image_file block before its text and another one after it; in a response, " \
                      "image_generation_call items before and after the message",
        text_blocks: "the message has several text blocks (cut at blank lines, or else in the middle)",
        empty_content: "the message's content is an empty array",
        no_text: "the message has an image_file block and no text; a response has an image and no message",
        # The event stream
        no_event_lines: "events come without event: lines; the kind is in the data (kind: :object or :type)",
        no_done: "streams end without the done event",
        done_at_end: "streams of responses end with [DONE]",
        duplicate_events: "every event of a response's stream comes twice",
        out_of_order_events: "neighbouring events of a response's stream change places, but for the first and the last",
        no_sequence_numbers: "events of responses have no sequence_number",
        cancelled_event: "streams of cancelled responses end with response.cancelled, and not without a last event",
        crlf: "lines of a stream end with CR LF",
        comments: "streams carry comment lines, id: and retry: fields",
        no_space: "no space follows the colon of a field",
        bom: "streams start with a byte order mark",
        split_data: "the data of an event comes in several data: lines",
        bytewise: "every byte is written on its own, so chunks are cut inside lines and inside UTF-8 sequences",
        random_cuts: "chunks are cut at random places (seed:, longest: 40 bytes)",
        lone_surrogates: "deltas split each emoji into two escaped surrogates; JSON answers escape all but ASCII",
        empty_stream: "a streamed request is answered 200 text/event-stream with no body",
        restarted_stream: "after tool outputs the stream starts over with thread.run.created",
        unknown_events: "events of unknown types come between the others",
        short_failed_event: "the event of a failed run (or the response in it) has id, status and error, and no more",
        stays_open: "the stream stays open after its last event (seconds: for ever)",
        # Error answers
        error_minimal: 'errors are {"error": {"message", "type", "code"}}',
        error_string: 'errors are {"error": "…"}',
        error_message: 'errors are {"message": "…"}',
        error_list: 'errors are {"success": false, "error": [ … ]}',
        error_problem: "errors are application/problem+json",
        error_text: "errors are plain text",
        error_html: "errors are an HTML page",
        # What the server has
        assistants_gone: "/assistants and /threads answer 404, as at OpenAI since 2026-08-26 (status: 404)",
        after_shutdown: "the same as assistants_gone, by another name",
        no_store: "responses are not kept: none is found by its id or as a previous one, and none runs in the " \
                  "background (ignored: true ignores previous ids instead)",
        no_conversations: "/conversations answers 404, and responses refuse a conversation (status: 404)",
        outlives_stream: "a foreground response goes on at the server when its stream ends early",
        # HTTP
        chunked: "answers come chunked, without content-length",
        gzip: "answers are gzip-compressed where the client accepts that (always: true to do it anyway)",
        wrong_content_type: "answers say text/plain, whatever they hold",
        truncated_json: "JSON answers, and the data of a stream's last event, stop in the middle of the JSON",
        cut_body: "the connection closes before the promised content-length was sent",
        big_body: "JSON answers and the first event of a stream are padded (bytes: 1,000,000)",
        redirect: "every request is redirected to another host (to: URL, status: 302)"
      }.freeze

      # The quirks of one moment: an immutable set, each member with its options.
      # @private
      class Quirks
        # @return [Hash{Symbol => Hash}] name => options
        attr_reader :to_h

        def initialize(options = {})
          options.each_key do |name|
            QUIRKS.key?(name) or raise ArgumentError, "unknown quirk #{name.inspect}; see LocalServer::QUIRKS"
          end
          @to_h = options.freeze
        end

        # @param given [Array<Symbol>, Hash{Symbol => Hash}, Symbol]
        # @return [Quirks]
        def self.from(given)
          pairs = given.is_a?(Hash) ? given : Array(given).to_h { |name| [name, {}] }
          new(pairs.transform_keys(&:to_sym))
        end

        def with(name, options) = Quirks.new(to_h.merge(name.to_sym => options))

        def on?(name) = to_h.key?(name)

        def any?(*names) = names.any? { |name| on?(name) }

        def option(name, key, default) = to_h.fetch(name, {}).fetch(key, default)

        def names = to_h.keys
      end
    end
  end
end
