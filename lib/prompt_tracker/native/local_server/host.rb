# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # Runs the app in this process with Puma, on threads of its own. The only file that knows Puma.
      # @private
      class Host
        OLDEST_PUMA = "6.0.0"
        # Connections stay open this long between requests, in seconds.
        KEPT = 3600

        # Puma hands a connection over to the thread of its next request and only then empties the connection's output
        # buffer: now and then that takes the head from the next answer. So each thread has a buffer of its own.
        module OwnBuffers
          # What a connection's output buffer is, for as long as this server has it.
          module OfThread
            def io_buffer
              Thread.current.thread_variable_get(:local_server_buffer) ||
                Puma::IOBuffer.new.tap { |buffer| Thread.current.thread_variable_set(:local_server_buffer, buffer) }
            end
          end

          def process_client(*arguments)
            arguments.last.extend(OfThread)
            super
          end
        end

        attr_reader :port

        # Loads Puma, which the gem needs for this and nothing else.
        # @raise [LoadError]
        def self.load_puma
          require "puma"
          require "puma/server"
          require "puma/events"
          require "puma/log_writer"
          return if Gem::Version.new(Puma::Const::PUMA_VERSION) >= Gem::Version.new(OLDEST_PUMA)

          raise LoadError, "LocalServer needs puma #{OLDEST_PUMA} or later, and found #{Puma::Const::PUMA_VERSION}"
        rescue LoadError => e
          raise if e.message.start_with?("LocalServer")

          raise LoadError, "PromptTracker::Native::LocalServer.start needs the puma gem to serve HTTP: add " \
                           "`gem \"puma\"` to the Gemfile, or `gem install puma` (#{e.message})"
        end

        # Listens from here on; requests are served after {#run}.
        def initialize(app, host:, port:, threads:, tls:)
          self.class.load_puma
          @host = host
          @tls = tls
          @puma = keeping_rack_env { Puma::Server.new(app, Puma::Events.new, options(threads)) }.extend(OwnBuffers)
          listener = listen(port)
          @port = listener.addr[1]
        rescue SystemCallError, SocketError => e
          raise e.class, "LocalServer can't listen on #{host}:#{port}"
        end

        # @return [String]
        def url
          shown = @host.include?(":") ? "[#{@host.delete("[]")}]" : @host
          "#{@tls ? "https" : "http"}://#{shown}:#{port}"
        end

        def run
          @pid = Process.pid
          @puma.run(true, thread_name: "local_server")
        end

        # @return [Boolean] false in a forked child, which shares the parent's sockets and must leave them alone
        def ours? = @pid == Process.pid

        # Returns when the port is closed and every thread has ended.
        def stop = @puma.stop(true)

        private

        # Under both names of the limit on requests a connection: max_fast_inline was Puma 6's.
        def options(threads)
          {
            min_threads: 0, max_threads: threads, log_writer: Puma::LogWriter.null, environment: "production",
            persistent_timeout: KEPT, max_keep_alive: Float::INFINITY, max_fast_inline: Float::INFINITY,
            force_shutdown_after: 1, pool_shutdown_grace_time: 1, first_data_timeout: 60
          }
        end

        # Puma sets RACK_ENV when it is not set, which would change the program that runs this server.
        def keeping_rack_env
          set = ENV.key?("RACK_ENV")
          yield
        ensure
          ENV.delete("RACK_ENV") unless set
        end

        def listen(port)
          return @puma.add_tcp_listener(@host, port) unless @tls

          require "puma/minissl"
          context = Puma::MiniSSL::Context.new
          context.cert = File.expand_path(@tls.fetch(:cert))
          context.key = File.expand_path(@tls.fetch(:key))
          context.verify_mode = Puma::MiniSSL::VERIFY_NONE
          @puma.add_ssl_listener(@host, port, context)
        end
      end
    end
  end
end
