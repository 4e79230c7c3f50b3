# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer; end
  end
end

require_relative "local_server/quirks"
require_relative "local_server/clock"
require_relative "local_server/connection"
require_relative "local_server/context"
require_relative "local_server/delivery"
require_relative "local_server/error_shape"
require_relative "local_server/host"
require_relative "local_server/open_streams"
require_relative "local_server/recorder"
require_relative "local_server/request"
require_relative "local_server/script"
require_relative "local_server/router"
require_relative "local_server/scripting"
require_relative "local_server/store"

module PromptTracker
  module Native
    # A server that speaks OpenAI's Assistants API (v2), Responses, Conversations, chat completions, files and vector
    # stores, in memory and in this process: for trying the gem without a key, and for specs. A built-in assistant
    # answers for every assistant id and model; specs script what is to happen (see {Scripting}) and make it behave like
    # other servers do ({QUIRKS}).
    #
    # It is a Rack app. {.start} runs it with Puma, which must be in the bundle; nothing else of the gem needs Puma.
    #
    # @example In a spec
    #   server = PromptTracker::Native::LocalServer.start
    #   ENV["OPENAI_BASE_URL"] = server.url
    #   server.answer("It is sunny.")
    #   …
    #   server.requests.map(&:to_s)  # => ["POST /v1/threads/runs"]
    #   server.stop
    class LocalServer
      include Scripting

      # How many threads, responses and conversations are kept with `record: false`.
      KEPT_THREADS = 1000

      class << self
        # Starts a server; it accepts connections when this returns. Prints nothing, installs no signal handlers, and
        # any number may run in one process.
        #
        # @param host [String] address to listen on
        # @param port [Integer] 0 for any free one
        # @param threads [Integer] how many requests are served at a time; each open stream takes one
        # @param tls [Hash{Symbol => String}, nil] cert: and key:, paths of PEM files
        # @param options [Hash] strict:, delay:, record:, keyless: as in {#initialize}
        # @yieldparam server [LocalServer] stopped at the end of the block
        # @return [LocalServer, Object] the server; with a block, the block's value
        # @raise [LoadError] without the puma gem
        # @raise [SystemCallError] when it can't listen there
        def start(host: "127.0.0.1", port: 0, threads: 128, tls: nil, **options)
          server = new(**options)
          server.listen(host: host, port: port, threads: threads, tls: tls)
          return server unless block_given?

          begin
            yield server
          ensure
            server.stop
          end
        end
      end

      # The app alone, to be mounted or called.
      #
      # @param strict [Boolean] are assistants and models that it does not know refused with 404?
      # @param delay [Numeric] seconds that a run or completion takes where its script does not say
      # @param record [Boolean] false, for heavy or long use: {#requests} stays empty, and only the newest
      #   {KEPT_THREADS} threads, responses and conversations are kept
      # @param keyless [Boolean] does it serve requests without a key, as Ollama and others do?
      def initialize(strict: false, delay: 0, record: true, keyless: false)
        @strict = strict
        @keyless = keyless
        @delay = delay
        @clock = Clock.new
        @store = Store.new(most: record ? nil : KEPT_THREADS)
        @recorder = Recorder.new(keep: record)
        @scripts = LineUp.new
        @request_scripts = LineUp.new
        @breaks = LineUp.new
        @rate_limit = nil
        @open_streams = OpenStreams.new
        @quirk_lock = Mutex.new
        @quirks = Quirks.new
      end

      # @return [String] base URL with its /v1, as a client wants it: "http://127.0.0.1:40123/v1"
      # @raise [RuntimeError] when it was not started
      def url = "#{host.url}#{Router::PREFIX}"

      # @return [String] the same as Azure has it: "http://127.0.0.1:40123/openai/v1"
      # @raise [RuntimeError] when it was not started
      def azure_url = "#{host.url}#{Router::AZURE}#{Router::PREFIX}"

      # @return [Integer]
      # @raise [RuntimeError] when it was not started
      def port = host.port

      # @return [Boolean]
      def running? = !@host.nil?

      # @return [Array<Request>] every request so far, in order of arrival
      def requests = @recorder.requests

      # @return [Integer] how many TCP connections have carried requests
      def connections = @recorder.connections

      # @return [Array<Hash>] the runs that exist here, thread by thread, as retrieving shows them
      def runs
        @clock.synchronize do
          @store.conversations.each_value.flat_map do |conversation|
            conversation.advance
            conversation.runs.each_value.map(&:to_h)
          end
        end
      end

      # @return [Array<Hash>] every response that was created here, in order of creation, as retrieving shows them: also
      #   those that no request finds, as they were not stored, were deleted, or ended with their stream
      def responses
        @clock.synchronize { @store.responses.each_value.map { |response| response.tap(&:advance).to_h } }
      end

      # Forgets scripts, quirks, requests, threads, runs, responses, conversations and created assistants, and hangs up
      # on streams that are open.
      #
      # @return [self]
      def reset
        [@scripts, @request_scripts, @breaks, @recorder].each(&:clear)
        @rate_limit = nil
        self.quirks = []
        @clock.synchronize { @store.clear }
        @clock.hang_up
        self
      end

      # Stops serving: closes the port and all connections, also in the middle of a stream. Quick; twice does no harm.
      #
      # @return [nil]
      def stop
        host = @host
        @host = nil
        return unless host&.ours?

        @clock.stop
        @open_streams.sever
        host.stop
        nil
      end

      # Serves one request.
      #
      # @param env [Hash] a Rack environment
      # @return [Array(Integer, Hash, #each)] a Rack response
      def call(env)
        request = Request.new(env)
        @recorder.add(request)
        quirks = @quirks
        delivery = Delivery.new(request, quirks, @clock)
        respond(request, quirks, delivery)
      rescue Clock::Hangup
        Delivery.hang_up(request.socket)
      rescue StandardError => e # a mistake in a script's block, or here
        error = ApiError.new("#{e.class}: #{e.message}", status: 500, type: "local_server")
        delivery.call(ErrorShape.answer(error, quirks))
      end

      # @return [String]
      def inspect = "#<#{self.class.name} #{running? ? url : "not started"}>"

      # @private
      def listen(**options)
        @host = Host.new(self, **options)
        @host.run
      end

      private

      def host = @host || raise("this LocalServer is not running")

      def respond(request, quirks, delivery)
        told = @rate_limit ? @rate_limit.take(request) : {}
        status, headers, body = carry_out(request, quirks, delivery)
        [status, headers.merge(told), body]
      rescue ApiError => e
        delivery.call(ErrorShape.answer(e, quirks))
      end

      def carry_out(request, quirks, delivery)
        return redirect(request, quirks, delivery) if quirks.on?(:redirect)

        scripted = @request_scripts.take { |script| script.match?(request) }
        return scripted.play(delivery, request, @clock) if scripted

        delivery.call(Router.call(context(request, quirks)))
      end

      def redirect(request, quirks, delivery)
        base = quirks.option(:redirect, :to, "http://elsewhere.invalid")
        location = base.chomp("/").delete_suffix(Router::PREFIX) + request.path
        answer = Answer.new("", status: quirks.option(:redirect, :status, 302), headers: { "location" => location })
        delivery.verbatim(answer)
      end

      def context(request, quirks)
        Context.new(request: request, quirks: quirks, clock: @clock, store: @store, scripts: @scripts, breaks: @breaks,
                    open_streams: @open_streams, strict: @strict, keyless: @keyless, delay: @delay)
      end
    end
  end
end
