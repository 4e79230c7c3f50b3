# frozen_string_literal: true

# Each example has the environment and the settings to itself: none of the variables that the gem reads are set
# when it begins, and what it sets is gone when it ends.
module Isolation
  READ_BY_THE_GEM = /\A(OPENAI_|AZURE_OPENAI_|SSL_CERT_)|_proxy\z/i

  class << self
    def around
      saved = ENV.to_h
      ENV.delete_if { |name, _| name.match?(READ_BY_THE_GEM) }
      reset_configurations
      yield
    ensure
      ENV.replace(saved)
      reset_configurations
    end

    private

    def reset_configurations
      PromptTracker::Native.reset_configuration!
      host = :@native_host_configuration
      PromptTracker.remove_instance_variable(host) if PromptTracker.instance_variable_defined?(host)
    end
  end
end
