# frozen_string_literal: true

require "fileutils"
require "socket"
require "tmpdir"

module Wire
  # Stoplight's Prism, as a proxy that compares requests and answers with an OpenAPI document. It passes everything on
  # and tells in the header `sl-violations` what it objects to.
  class Prism
    ROOT = File.expand_path("../../..", __dir__)
    OWN = File.join(ROOT, "tmp/node/node_modules/.bin/prism")
    # Seconds. It takes ten of CPU to read OpenAI's document.
    START = 180

    class << self
      # @return [String, nil] the program
      def program
        return OWN if File.executable?(OWN)

        ENV.fetch("PATH", "").split(File::PATH_SEPARATOR).map { |folder| File.join(folder, "prism") }
           .find { |file| File.file?(file) && File.executable?(file) }
      end

      # @return [String, nil] why specs that need it can't run
      def missing
        "Prism is not installed: bin/setup --companions installs it (needs npm)" unless program
      end
    end

    attr_reader :port

    # Returns when it accepts connections.
    #
    # @param document [String] path of the OpenAPI document
    # @param upstream [String] base URL of the server behind it
    def initialize(document, upstream)
      @port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
      @folder = Dir.mktmpdir("prism")
      @parent = Process.pid
      @pid = Process.spawn(self.class.program, "proxy", "--host", "127.0.0.1", "--port", @port.to_s, "-v", "error",
                           document, upstream, in: File::NULL, %i[out err] => log, pgroup: true)
      at_exit { stop } # also where the suite is interrupted
      wait_until_ready
    end

    # Twice does no harm, nor does a forked child.
    def stop
      return unless @pid && Process.pid == @parent

      Process.kill(:KILL, -@pid)
      Process.wait(@pid)
      gone
    end

    private

    def log = File.join(@folder, "log")

    def gone
      @pid = nil
      FileUtils.rm_rf(@folder)
    end

    def wait_until_ready
      deadline = now + START
      until answers?
        give_up("Prism ended") { gone } if Process.wait(@pid, Process::WNOHANG)
        give_up("Prism was not ready in #{START} s") { stop } if now > deadline
        sleep 0.1
      end
    end

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

    def answers?
      TCPSocket.new("127.0.0.1", @port).close
      true
    rescue SystemCallError
      false
    end

    def give_up(what)
      said = File.read(log)
      yield
      raise "#{what}: #{said[0, 2000]}"
    end
  end
end
