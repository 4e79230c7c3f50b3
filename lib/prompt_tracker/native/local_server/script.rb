# frozen_string_literal: true

require "json"

module PromptTracker
  module Native
    class LocalServer
      # How one run (or one chat completion) goes: what is said, how it ends, how long it takes.
      # @private
      class Script
        ENDINGS = %w[completed failed cancelled expired incomplete requires_action].freeze
        STAYS = %w[queued in_progress].freeze
        # Usage is counted from the texts.
        COUNTED = :counted

        # @return [Array<String>] one for each message; empty for none
        attr_reader :texts
        # @return [String] the status it ends with, or stays in
        attr_reader :ending
        # @return [Array<Hash>] of the last text, as the Responses API has them
        attr_reader :annotations
        # @return [Array<String, nil>] images beside the text, in Base64; nil for any
        attr_reader :images
        attr_reader :deltas, :usage, :delay, :polls, :last_error, :reason, :calls, :then_answer, :assistant_id

        def initialize(ending: "completed", text: nil, deltas: nil, usage: COUNTED, delay: nil, polls: 0,
                       last_error: nil, reason: nil, calls: [], then_answer: nil, assistant_id: nil, stays: false,
                       refusal: false, annotations: [], images: [])
          @ending = ending.to_s
          @stays = stays
          @writer = text if text.respond_to?(:call)
          @texts = @writer ? [] : texts_of(text, deltas)
          @deltas = deltas&.map { |delta| delta.to_s.dup.freeze }
          @usage = usage.is_a?(Hash) ? plain(usage) : usage
          @delay = delay
          @polls = polls
          @last_error = last_error&.transform_keys(&:to_s)
          @reason = reason&.to_s
          @calls = calls.map { |name, arguments| [name.to_s, json(arguments)] }
          @then_answer = then_answer
          @assistant_id = assistant_id
          @refusal = refusal
          @annotations = annotations.map { |annotation| plain(annotation) }
          @images = images.is_a?(Integer) ? Array.new(images) : images
          check
        end

        # @return [Boolean] does it never end by itself?
        def stays? = @stays

        # @return [Boolean] is the text a refusal?
        def refusal? = @refusal

        # @return [Boolean] is the text left to the built-in assistant?
        def unwritten? = @writer.nil? && texts.empty?

        # @param prompt [String]
        # @return [Array<String>] what to say to that prompt
        def texts_for(prompt) = @writer ? texts_of(@writer.call(prompt), nil) : texts

        # @return [Script] the same with these words
        def saying(text) = dup.tap { |script| script.texts = [text] }

        # @param outputs [Hash{String => String}] function name => output
        # @return [Script, nil] how the run goes on after these; nil where the next script in line says it
        def continuation(outputs)
          return if then_answer.nil?

          said = then_answer.respond_to?(:call) ? then_answer.call(outputs) : then_answer
          Script.new(text: said, usage: usage, delay: delay, polls: polls)
        end

        protected

        attr_writer :texts

        private

        def texts_of(text, deltas)
          case text
          when nil then deltas ? [deltas.join] : []
          when Array then text.map { |one| string(one) }
          else [string(text)]
          end
        end

        def string(value)
          return json(value) unless value.is_a?(String)

          text = value.encode(Encoding::UTF_8)
          return text.dup.freeze if text.valid_encoding?

          raise ArgumentError, "a text must be valid UTF-8; for other bytes there is LocalServer#raw"
        end

        # @return [Hash] with string keys, all through
        def plain(hash) = JSON.parse(JSON.generate(hash))

        def json(value) = value.is_a?(String) ? value : JSON.generate(value)

        def check
          allowed = stays? ? STAYS : ENDINGS
          unless allowed.include?(ending)
            verb = stays? ? "stay" : "end with"
            raise ArgumentError, "a run can't #{verb} #{ending.inspect}: one of #{allowed.join(", ")}"
          end
          raise ArgumentError, "deltas are for one text, not for several" if deltas && texts.size > 1
          return if usage.nil? || usage == COUNTED || usage.is_a?(Hash)

          raise ArgumentError, "usage: a Hash, nil, or :counted"
        end
      end

      # Where and how a stream breaks off.
      # @private
      class Break
        WAYS = %i[close reset error].freeze
        FOUND = %w[true false in_progress failed incomplete cancelled].freeze

        # @return [Integer, nil] after so many bytes of the stream
        attr_reader :bytes
        # @return [Symbol] :close, :reset or :error
        attr_reader :how
        # @return [Boolean, String] can the response whose stream it was be found, and with which status?
        attr_reader :found

        def initialize(after: nil, bytes: nil, how: :close, found: false)
          raise ArgumentError, "after: or bytes:, one of them" if after.nil? == bytes.nil?
          raise ArgumentError, "how: one of #{WAYS.join(", ")}" unless WAYS.include?(how)
          raise ArgumentError, "found: one of #{FOUND.join(", ")}" unless FOUND.include?(found.to_s)

          @after = after
          @bytes = bytes
          @how = how
          @found = [true, false].include?(found) ? found : found.to_s
        end

        # @param name [String, nil] of the event that was sent last; chat's events have none
        # @param count [Integer] how many were sent
        def after_event?(name, count)
          case @after
          when Integer then count >= @after
          when Symbol then name.nil? || ["", /\A(thread|response)\./].any? { |start| plain(name, start) == @after.to_s }
          when String then name.nil? || name == @after
          end
        end

        private

        def plain(name, start) = name.sub(start, "").tr(".", "_")
      end
    end
  end
end
