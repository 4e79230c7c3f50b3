# frozen_string_literal: true

module PromptTracker
  module Native
    class Interception
      # What a server says, or what an interceptor says in its place.
      #
      # @api private
      class Answer
        # @return [Integer] 0: no answer at all
        attr_reader :status
        # @return [Hash{String => String, Array<String>}]
        attr_reader :headers
        # @return [String] decoded
        attr_reader :body
        # @return [Symbol, nil] nil: it is whole. Else :timeout (no connection stood in time), :connect, :resolve, :tls,
        #   :lost (the connection, after sending), :idle (silence) or :deadline (the time of the request was over)
        attr_reader :ending
        # @return [String, nil] more on that
        attr_reader :reason

        def initialize(status: 200, headers: {}, body: "", ending: nil, reason: nil, overdue: false)
          @status = status
          @headers = headers
          @body = body
          @ending = ending
          @reason = reason
          @overdue = overdue
        end

        # @param block [String] the header lines of a response, its status line first
        # @return [Array(Hash, String)] the headers, and what the status line gives as the reason
        def self.read(block)
          status_line, *lines = block.split(/\r?\n/)
          pairs = lines.filter_map { |line| line.split(/:\s*/, 2) if line.include?(":") }
          headers = pairs.group_by(&:first).transform_values { |all| all.map { |_, value| value.strip } }
          [headers.transform_values { |all| all.one? ? all.first : all }, status_line.to_s.split(" ", 3)[2].to_s]
        end

        # @return [Boolean] whether it stands for the end of the time of the whole call, which nobody is to wait for
        def overdue? = @overdue

        # @return [Array] as the extension takes it
        def to_a
          [status, block, body.to_s, ending, reason&.delete("\0")]
        end

        private

        def block
          lines = headers.to_h.flat_map { |name, values| Array(values).map { |value| "#{name}: #{value}" } }
          lines.map { |line| "#{line.b.tr("\r\n\0", " ")}\r\n" }.join
        end
      end
    end
  end
end
