# frozen_string_literal: true

require "json"
require_relative "native/version"

begin
  require "prompt_tracker_native/prompt_tracker_native"
rescue LoadError => e
  raise unless e.path == "prompt_tracker_native/prompt_tracker_native"

  raise LoadError, "the C extension of prompt_tracker-native isn't built for Ruby #{RUBY_VERSION} on " \
                   "#{RUBY_PLATFORM}: run `gem pristine prompt_tracker-native`, or `rake compile` in a checkout"
end

require_relative "native/ractors"
require_relative "native/configuration"
require_relative "native/host_configuration"
require_relative "native/interception"
require_relative "native/client"
require_relative "native/call_many"
require_relative "native/resumption"
require_relative "native/console"
require_relative "native/services_home"

# What the gem shares with the PromptTracker engine: its services, and `PromptTracker.configure`.
module PromptTracker
  # The gem's own part: settings, the API client and a local server to try things on.
  #
  # @example
  #   require "prompt_tracker/native"
  #   result = PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_…", prompt: "Hello!")
  #   result[:text] # => "Hello! How can I help?"
  module Native
    autoload :Batch, "prompt_tracker/native/batch"
    autoload :Doctor, "prompt_tracker/native/doctor"
    autoload :LocalServer, "prompt_tracker/native/local_server"
    autoload :Observation, "prompt_tracker/native/observation"
    autoload :OpenaiGems, "prompt_tracker/native/openai_gems"

    class << self
      # Loads what tells of calls, in a Thread of its own: with Ruby 3.1 nothing can be loaded in a Fiber that has a
      # scheduler, and calls are made there.
      #
      # @api private
      def load_observation
        Thread.new { Observation }.join if autoload?(:Observation)
      end

      # Checks what a call needs: the key (which is never shown), the base URL, proxy and certificates, which API will
      # answer and why, the definitions, and by one `GET /models` the network. Prints what it finds and what to do.
      #
      # @param assistant_id [String, nil] an assistant whose calls are to be looked at, too
      # @param network [Boolean] false: no request is made
      # @param timeout [Numeric] seconds for the request. Default 10.
      # @param out [#puts, nil] where to print; nil: nowhere
      # @return [Doctor::Report]
      # @raise [ArgumentError] where the timeout isn't a number of seconds
      # @example
      #   PromptTracker::Native.doctor
      #   PromptTracker::Native.doctor("asst_abc123").ok? # => true
      def doctor(assistant_id = nil, network: true, timeout: 10, out: $stdout)
        report = Doctor.new(assistant_id, network: network, timeout: timeout).examine { |check| out&.puts(check) }
        out&.puts(report.summary)
        report
      end
    end
  end
end

# Under Rails, an initializer defines the services, once it has seen the host's files.
if defined?(Rails::Railtie)
  require_relative "native/railtie"
else
  PromptTracker::Native::Services.define
end

PromptTracker::Native.interceptor # puts the adapter in place where WebMock is here already

# Those who may listen are here already; else the first call that finds them loads it.
PromptTracker::Native.load_observation if defined?(ActiveSupport) || defined?(OpenTelemetry)
