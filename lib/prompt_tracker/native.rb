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

require_relative "native/configuration"
require_relative "native/observation"
require_relative "native/host_configuration"
require_relative "native/interception"
require_relative "native/client"
require_relative "native/call_many"
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
    autoload :LocalServer, "prompt_tracker/native/local_server"
  end
end

# Under Rails, an initializer defines the services, once it has seen the host's files.
if defined?(Rails::Railtie)
  require_relative "native/railtie"
else
  PromptTracker::Native::Services.define
end
