# frozen_string_literal: true

require "fileutils"
require "net/http"
require "socket"
require "tmpdir"

# A program that runs beside the specs, in a folder of its own, until it is told to end.
class Program
  # @return [Integer] a port that nobody listens at
  def self.unused_port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }

  # @return [Integer]
  attr_reader :pid

  def initialize(folder, environment, *command)
    @log = File.join(folder, "#{File.basename(command.first)}-#{command.hash}.log")
    @pid = Process.spawn(environment, *command, chdir: folder, in: File::NULL, %i[out err] => @log)
  end

  # @return [String] what it has said
  def said = File.read(@log)

  # @raise [RuntimeError] where it ends, or the block isn't true in time
  def wait_until(limit: 30)
    over = Process.clock_gettime(Process::CLOCK_MONOTONIC) + limit
    until yield
      raise "#{@pid} has ended: #{said}" if Process.wait(@pid, Process::WNOHANG)
      raise "#{@pid} is late: #{said}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > over

      sleep 0.05
    end
    self
  end

  # @return [Process::Status] of a program that is told to end, and is killed where it doesn't
  def stop(signal = :TERM, limit: 20)
    return @status if @status

    Process.kill(signal, @pid)
    killer = Thread.new { sleep(limit) && Process.kill(:KILL, @pid) }
    @status = Process.wait2(@pid)[1]
  ensure
    killer&.kill
  end
end
