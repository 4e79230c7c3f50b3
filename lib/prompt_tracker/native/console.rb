# frozen_string_literal: true

# What a person at a console sees. A result is a plain Hash and prints as one; {PromptTracker::Native.show} prints what
# matters of it.

module PromptTracker
  module Native
    # @!parse
    #   # What an error of the gem knows besides its message; nil where it does not.
    #   module ErrorDetails; end
    module ErrorDetails
      # The most characters of the message that {#inspect} shows.
      SHOWN = 300
      private_constant :SHOWN

      # @return [String] the message, shortened, and what else is known: never a body, a header or the key
      # @example
      #   error.inspect # => "#<…::AssistantError: Assistant run expired (thread_id=thread_1 run_id=run_1)>"
      def inspect
        text = message.to_s
        return self.class.name if text.empty?

        text = "#{text[0, SHOWN]}…" if text.size > SHOWN
        "#<#{self.class}: #{text.gsub(/\s*\n\s*/, " ")}#{known}>"
      end

      private

      def known
        details = %i[thread_id run_id code].map { |name| [name, public_send(name)] }
        said = details.reject { |_, value| value.to_s.empty? }.map { |name, value| "#{name}=#{value}" }
        said << "retryable" if retryable?
        said.empty? ? "" : " (#{said.join(" ")})"
      end
    end

    # An HTTP answer.
    #
    # @api private
    class Answer
      # @return [String] without headers and body
      def inspect
        "#<#{self.class} #{status}#{" #{body.bytesize} bytes" if body}>"
      end
    end

    class << self
      # Prints what matters of a result, an error, or an Array of them: text, usage, model and ids. A result itself is a
      # plain Hash, with all that the server said in `raw`, and a console prints all of it.
      #
      # @param object [Hash, Exception, Array<Hash, Exception>]
      # @param out [#puts]
      # @return [nil]
      # @raise [ArgumentError] for anything else
      # @example
      #   result = PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_1", prompt: "Hello!")
      #   PromptTracker::Native.show(result)
      def show(object, out: $stdout)
        return object.each { |one| show(one, out: out) } && nil if object.is_a?(Array)

        out.puts(object.is_a?(Exception) ? error_lines(object) : result_lines(object))
      end

      private

      def error_lines(error)
        lines = []
        8.times do
          lines << (lines.empty? ? error.inspect : "  caused by #{error.inspect}")
          error = error.cause or break
        end
        lines
      end

      def result_lines(result)
        unless result.is_a?(Hash) && result.key?(:text) && result.key?(:usage)
          raise ArgumentError, "show takes a result of the services, an error, or an Array of them, " \
                               "not #{result.class}"
        end

        payload = { operation: :assistant }
        raw = result[:raw].is_a?(Hash) ? result[:raw] : {}
        Observation::Reading.result(payload, { **result, raw: raw })
        usage = result[:usage]
        about = [payload[:run_status], payload[:response_model],
                 "#{usage[:prompt_tokens]}+#{usage[:completion_tokens]} tokens"].compact.uniq
        ids = %i[thread_id run_id].map { |name| payload[name] && "#{name}=#{payload[name]}" }.compact
        [result[:text] || "(no text)", "-- #{result[:model]}: #{[*about, *ids].join(", ")}"]
      end
    end
  end
end
