# frozen_string_literal: true

require "json"
require "socket"
require_relative "player"
require_relative "prism"

module Wire
  # Stands between the gem and Prism: what the gem sends here goes through Prism to a server, the answer goes back, and
  # what Prism objected to is kept.
  class Judge
    # One request, what was answered and what Prism objects to: [{"location", "severity", "message" …}]
    Case = Struct.new(:sent, :status, :type, :violations) do
      def streamed? = type.to_s.start_with?("text/event-stream")

      # The document has no event streams, so Prism objects to each. Nothing else is let off.
      def objections
        return violations unless streamed?

        violations.reject { |v| v["location"].first == "response" && v["message"].match?(STREAM) }
      end

      def to_s
        "#{sent} (#{status}): #{objections.map { |v| "#{v["location"].join(".")}: #{v["message"]}" }.join("; ")}"
      end
    end

    STREAM = %r{\AThe\ received\ media\ type\ "text/event-stream|
                \AResponse\ body\ must\ (?:be\ object|match\ a\ schema\ in\ anyOf)\z}x
    # Seconds. Prism never answers some requests, such as one whose JSON is cut off.
    PATIENCE = 30
    PREFIX = "/v1"

    # @param port [Integer] Prism's
    def initialize(port)
      @prism = port
      @cases = []
      @lock = Mutex.new
      @server = TCPServer.new("127.0.0.1", 0)
      @thread = Thread.new { loop { accept } }
    end

    # @return [String] the base URL for the gem
    def url = "http://127.0.0.1:#{@server.addr[1]}#{PREFIX}"

    # @return [Array<Case>] since the last {#forget}
    def cases = @lock.synchronize { @cases.dup }

    # @return [Array<String>] the cases in which Prism objects to something
    def objections = cases.reject { |c| c.objections.empty? }.map(&:to_s)

    def forget = @lock.synchronize { @cases.clear }

    def stop
      @thread.kill.join
      @server.close
    end

    private

    def accept
      socket = @server.accept
      Thread.new { serve(socket) }.report_on_exception = false
    end

    def serve(socket)
      request = Sent.read(socket)
      return unless request

      answer = ask_prism(request)
      note(request, answer)
      socket.write(answer)
    ensure
      socket.close
    end

    # One connection a request, so that the end of the answer is the end of the connection.
    def ask_prism(request)
      headers = request.headers.merge("host" => "127.0.0.1:#{@prism}", "connection" => "close")
      TCPSocket.open("127.0.0.1", @prism) do |prism|
        prism.write("#{request.verb} #{request.target.delete_prefix(PREFIX)} HTTP/1.1\r\n",
                    headers.map { |name, value| "#{name}: #{value}\r\n" }.join, "\r\n", request.text)
        read(prism)
      end
    end

    def read(prism)
      answer = +"".b
      while prism.wait_readable(PATIENCE)
        piece = prism.read_nonblock(1 << 16, exception: false)
        return answer if piece.nil?

        answer << piece unless piece == :wait_readable
      end
      raise IOError, "Prism did not answer in #{PATIENCE} s"
    end

    def note(request, answer)
      head = answer[/\A.*?\r\n\r\n/m].to_s.force_encoding("UTF-8")
      violations = JSON.parse(head[/^sl-violations: (.*)\r$/i, 1] || "[]")
      found = Case.new(request, head[%r{\AHTTP/1.1 (\d+)}, 1].to_i, head[/^content-type: (.*)\r$/i, 1], violations)
      @lock.synchronize { @cases << found }
    end
  end
end
