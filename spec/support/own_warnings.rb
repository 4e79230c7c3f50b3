# frozen_string_literal: true

# Makes every warning about the gem's own code a failure of the example that saw it. One that an example captures
# (`output(…).to_stderr`) was expected and passes; warnings about other gems' code are nobody's business here.
module OwnWarnings
  ROOT = File.expand_path("../..", __dir__)
  LIB = File.join(ROOT, "lib/")
  SPEC = File.join(ROOT, "spec/")
  A_PLACE = /\A[^\n]+?:\d+: warning: /

  @seen = []

  class << self
    attr_reader :seen

    def watch
      $VERBOSE = true
      Warning.extend(self)
    end

    def raise_seen
      messages = seen.slice!(0..)
      raise "warnings about the gem's own code:\n#{messages.join}" unless messages.empty?
    end
  end

  def warn(message, ...)
    return super unless $stderr == STDERR # rubocop:disable Style/GlobalStdStream

    if message.start_with?(LIB)
      OwnWarnings.seen << message
    elsif message.start_with?(SPEC) || !message.match?(A_PLACE)
      super
    end
  end
end
