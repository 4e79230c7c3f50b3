# frozen_string_literal: true

require_relative "wire"

module Bench
  # The gem's LocalServer in a process of its own, over plain HTTP/1.1: where nginx is not there.
  class Local
    SCRIPT = File.expand_path("local_server.rb", __dir__)
    LIB = File.expand_path("../../lib", __dir__)

    def initialize(_folder)
      @pipe = IO.popen([RbConfig.ruby, "-I", LIB, SCRIPT], "r+")
      @url, @puma = @pipe.gets.split
      @seen = [0, 0]
    end

    def describe = "LocalServer on Puma #{@puma}, plain HTTP/1.1"

    attr_reader :url

    def environment = { "SSL_CERT_FILE" => nil }

    # @return [Array(Integer, Integer, Integer)] requests and new connections since the last time; failures show as
    #   errors of the contender
    def count
      @pipe.puts
      now = @pipe.gets.split.map(&:to_i)
      before = @seen
      @seen = now
      [now[0] - before[0], now[1] - before[1], 0]
    end

    def stop = @pipe.close
  end
end
