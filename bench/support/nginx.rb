# frozen_string_literal: true

require "fileutils"
require "openssl"
require "socket"
require_relative "wire"

module Bench
  # nginx with TLS and HTTP/2, which answers each request of an assistant call at once, with fixed bytes. What it counts
  # it takes from its log.
  class Nginx
    MODULES = %w[/usr/lib/nginx/modules /usr/lib64/nginx/modules /usr/share/nginx/modules].freeze
    ECHO = "ngx_http_echo_module.so"
    NAME = "localhost"
    # How many pieces the long stream has.
    DELTAS = 5000
    # What a run takes, by what its URL begins with.
    DELAYS = { "" => nil, "/20ms" => 0.02, "/1s" => 1.0 }.freeze

    class << self
      # @return [String, nil] the program
      def program
        places = ENV.fetch("PATH", "").split(File::PATH_SEPARATOR) + %w[/usr/sbin /usr/local/sbin]
        places.map { |folder| File.join(folder, "nginx") }.find { |file| File.executable?(file) }
      end

      # @return [String, nil] the module that answers POST requests with fixed texts
      def echo
        MODULES.map { |folder| File.join(folder, ECHO) }.find { |file| File.file?(file) }
      end

      def available? = !program.nil? && !echo.nil?

      def version = `#{program} -v 2>&1`[%r{nginx/\S+}]
    end

    # @param folder [String] a folder of its own, for its files
    def initialize(folder)
      @folder = File.expand_path(folder)
      FileUtils.mkdir_p(@folder)
      @port, @http1_port, @plain_port = Array.new(3) { TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] } }
      certify
      File.write(file("nginx.conf"), configuration)
      @read = 0
      File.write(file("access.log"), "")
      @pid = Process.spawn(self.class.program, "-p", @folder, "-c", file("nginx.conf"), "-e", file("error.log"),
                           in: File::NULL, %i[out err] => file("output.log"))
      wait_until_ready
    end

    def describe = "#{self.class.version}, TLS, HTTP/1.1 and HTTP/2"

    # @param delay [String] one of {DELAYS}
    # @return [String] base URL, with its /v1
    def url(delay = "") = "https://#{NAME}:#{@port}#{delay}/v1"

    # @return [String] the same with HTTP/1.1 only
    def http1_url(delay = "") = "https://#{NAME}:#{@http1_port}#{delay}/v1"

    # @return [String] the same without TLS, which is HTTP/1.1 too
    def plain_url(delay = "") = "http://127.0.0.1:#{@plain_port}#{delay}/v1"

    # @return [Hash{String => String}] what a client's environment needs
    def environment = { "SSL_CERT_FILE" => file("cert.pem") }

    # What came since the last time that this was asked.
    #
    # @return [Array(Integer, Integer, Integer)] requests, new connections, answers other than 200
    def count
      lines = fresh_lines.map(&:split)
      [lines.size, lines.count { |_, nth| nth == "1" }, lines.count { |_, _, status| status != "200" }]
    end

    def stop
      pid, @pid = @pid, nil # rubocop:disable Style/ParallelAssignment
      return unless pid

      Process.kill(:TERM, pid)
      Process.wait(pid)
    end

    private

    def file(name) = File.join(@folder, name)

    # A line is written when its answer has gone out, which may be a moment after the client has it.
    def fresh_lines
      sleep 0.05
      text = File.binread(file("access.log"), nil, @read).to_s
      @read += text.bytesize
      text.lines
    end

    def certify
      key = OpenSSL::PKey::EC.generate("prime256v1")
      name = OpenSSL::X509::Name.parse("/CN=#{NAME}")
      certificate = OpenSSL::X509::Certificate.new
      certificate.version = 2
      certificate.serial = 1
      certificate.subject = certificate.issuer = name
      certificate.public_key = key
      certificate.not_before = Time.now - 3600
      certificate.not_after = Time.now + 86_400
      extensions = OpenSSL::X509::ExtensionFactory.new(certificate, certificate)
      certificate.add_extension(extensions.create_extension("basicConstraints", "CA:TRUE", true))
      certificate.add_extension(extensions.create_extension("subjectAltName", "DNS:#{NAME},IP:127.0.0.1"))
      certificate.sign(key, OpenSSL::Digest.new("SHA256"))
      File.write(file("cert.pem"), certificate.to_pem)
      File.write(file("key.pem"), key.to_pem, perm: 0o600)
    end

    # One echo an event: an argument has at most 4 KB in nginx's configuration.
    def echo(*texts) = "echo_read_request_body; #{echoes(texts)}"

    def echoes(texts) = texts.map { |text| "echo -n #{quoted(text)};" }.join("\n")

    def quoted(text)
      raise ArgumentError, "nginx would read something in #{text}" if text.match?(/['\\$]/)

      "'#{text}'"
    end

    def json(object) = quoted(JSON.generate(object))

    def configuration
      <<~CONF
        load_module #{self.class.echo};
        daemon off;
        master_process off;
        pid #{file("nginx.pid")};
        error_log #{file("error.log")} warn;
        worker_rlimit_nofile 20000;
        events { worker_connections 16384; }
        http {
          #{%w[client_body proxy fastcgi uwsgi scgi].map { |kind| "#{kind}_temp_path #{file(kind)};" }.join(" ")}
          log_format counted '$connection $connection_requests $status $request_method $uri';
          access_log #{file("access.log")} counted;
          keepalive_requests 100000000;
          keepalive_timeout 3600s;
          default_type application/json;
          map $request_method $messages { GET #{json(Wire.messages)}; default #{json(Wire.message)}; }
          ssl_certificate #{file("cert.pem")};
          ssl_certificate_key #{file("key.pem")};
          add_header X-Request-Id req_bench;
          #{servers}
        }
      CONF
    end

    # HTTP/2 is for a whole port to have or not.
    def servers
      ["#{@port} ssl http2", "#{@http1_port} ssl", @plain_port].map do |listen|
        "server { listen 127.0.0.1:#{listen} backlog=8192; server_name #{NAME}; #{locations} }"
      end.join("\n")
    end

    # The API once for each of {DELAYS}.
    def locations
      DELAYS.map do |prefix, seconds|
        sleeps = "echo_read_request_body; #{"echo_sleep #{seconds};" if seconds}"
        <<~CONF
          location = #{prefix}/v1/threads { #{echo(JSON.generate(Wire.thread))} }
          location = #{prefix}/v1/threads/#{Wire::THREAD}/messages { echo_read_request_body; echo -n $messages; }
          location = #{prefix}/v1/threads/#{Wire::THREAD}/runs { #{echo(JSON.generate(Wire.run("queued")))} }
          location = #{prefix}/v1/threads/#{Wire::THREAD}/runs/#{Wire::RUN} { #{echo(JSON.generate(Wire.run("completed")))} }
          location = #{prefix}/v1/threads/runs { default_type text/event-stream; #{sleeps} #{echoes(Wire.events)} }
          location = #{prefix}/v1/chat/completions { #{echo(JSON.generate(Wire.chat))} }
          location = #{prefix}/v1/responses { default_type text/event-stream; #{sleeps} #{echoes(Wire.response_events)} }
        CONF
      end.join + long_stream
    end

    # A stream of so many pieces of text.
    def long_stream
      events = Wire.events
      delta = events.find { |event| event.include?("message.delta") }
      middle = "echo_duplicate #{DELTAS} #{quoted(delta)};"
      <<~CONF
        location = /long/v1/threads/runs {
          default_type text/event-stream;
          echo_read_request_body; #{echoes(events.first(8))} #{middle} #{echoes(events.last(4))}
        }
      CONF
    end

    def wait_until_ready
      200.times do
        return TCPSocket.new("127.0.0.1", @port).close
      rescue SystemCallError
        break if Process.wait(@pid, Process::WNOHANG)

        sleep 0.05
      end
      @pid = nil
      raise "nginx did not start: #{File.read(file("output.log"))}#{File.read(file("error.log"))}"
    end
  end
end
