# frozen_string_literal: true

require_relative "configuration/check"
require_relative "configuration/snapshot"

module PromptTracker
  module Native
    # The gem's own settings. Each is checked when it is set; a value that can't work is an ArgumentError that says
    # what to give instead, and leaves the setting as it was.
    #
    # What the environment says (`OPENAI_BASE_URL` and so on) is read at each call, so a change counts from the next
    # call on. A variable that is blank counts as unset.
    #
    # Those that say how assistants are found and asked since OpenAI's shutdown of the Assistants API stand in
    # `configuration/responses.rb`.
    #
    # @example
    #   PromptTracker::Native.configure do |c|
    #     c.base_url = "http://localhost:4000/v1"
    #     c.request_timeout = 30
    #   end
    class Configuration
      class << self
        # @return [Hash{Symbol => Object}] the default of each setting, frozen
        attr_reader :defaults

        private

        # Defines the writer of one setting and, unless the environment has a say in it, its reader.
        def setting(name, default, reader: true, &check)
          @defaults = { **@defaults.to_h, name => default }.freeze
          define_method(name) { @settings.fetch(name) } if reader
          define_method(:"#{name}=") { |value| change(name, check.call(name, value)) }
        end
      end

      # @!attribute [rw] base_url
      #   Where requests go, with its `/v1`. Default nil: what `OPENAI_BASE_URL` says, else
      #   `https://api.openai.com/v1`. Reading gives the one in force, without a slash at its end.
      #   @return [String]
      #   @raise [ConfigurationError] when read, where `OPENAI_BASE_URL` can't be used
      #   @example
      #     c.base_url = "http://localhost:4000/v1"
      setting(:base_url, nil, reader: false) { |name, value| Check.base_url(name, value) }

      # @!attribute [rw] organization
      #   Sent as `OpenAI-Organization`. Default nil: what `OPENAI_ORG_ID` says, else not sent.
      #   @return [String, nil]
      setting(:organization, nil, reader: false) { |name, value| Check.optional_string(name, value) }

      # @!attribute [rw] project
      #   Sent as `OpenAI-Project`. Default nil: what `OPENAI_PROJECT_ID` says, else not sent.
      #   @return [String, nil]
      setting(:project, nil, reader: false) { |name, value| Check.optional_string(name, value) }

      # @!attribute [rw] flow
      #   How a run is followed: `:streaming` (one request, the answer comes as it is made), `:polling` (the classic
      #   requests: thread, message, run, and asking until it is done) or nil, the default: streamed. While WebMock is
      #   enabled, nil makes the classic requests, unless {#api} is set: docs/testing_your_app.md.
      #   @return [Symbol, nil]
      setting(:flow, nil) { |name, value| Check.one_of(name, value, [nil, :streaming, :polling]) }

      # @!attribute [rw] connect_timeout
      #   Seconds in which a connection must stand, TLS included. Default 10.
      #   @return [Float]
      setting(:connect_timeout, 10.0) { |name, value| Check.seconds(name, value) }

      # @!attribute [rw] read_timeout
      #   Seconds without a single byte from the server after which a request fails. Default nil: no such limit.
      #   @return [Float, nil]
      setting(:read_timeout, nil) { |name, value| Check.optional_seconds(name, value) }

      # @!attribute [rw] request_timeout
      #   Seconds that one request of a {Client} may take, all its attempts together. Default 120; nil: no limit.
      #   @return [Float, nil]
      setting(:request_timeout, 120.0) { |name, value| Check.optional_seconds(name, value) }

      # @!attribute [rw] max_retries
      #   How many times a request that failed is sent again. Default 2; 0: never.
      #   @return [Integer]
      setting(:max_retries, 2) { |name, value| Check.integer(name, value, 0..) }

      # @!attribute [rw] retry_ambiguous
      #   Whether a request that starts something (a run) is also sent again where the first may have been carried
      #   out: a connection lost after sending, a 502, a timeout of a proxy. Default false, as a second run can be
      #   started, and paid for.
      #   @return [Boolean]
      setting(:retry_ambiguous, false) { |name, value| Check.boolean(name, value) }

      # @!attribute [rw] rate_limits
      #   Whether requests wait where the server's answers say that it would refuse them: a 429 with its `Retry-After`,
      #   and `x-ratelimit-…` headers, go for all calls of the process with the same server, key and model. Such waits
      #   count into the calls' timeouts. Default true.
      #   @return [Boolean]
      setting(:rate_limits, true) { |name, value| Check.boolean(name, value) }

      # @!attribute [rw] max_body_bytes
      #   The most bytes, decoded, that one answer may have. Default 67108864 (64 MiB).
      #   @return [Integer]
      setting(:max_body_bytes, 64 << 20) { |name, value| Check.integer(name, value, 1..) }

      # @!attribute [rw] max_upload_bytes
      #   The most bytes that the files of one upload may have, all together. They are held in memory, twice while they
      #   are sent. Default 536870912 (512 MiB, OpenAI's own limit of a file).
      #   @return [Integer]
      setting(:max_upload_bytes, 512 << 20) { |name, value| Check.integer(name, value, 1..) }

      # @!attribute [rw] verify_tls
      #   Whether the server's certificate is checked. Default true. false warns, once: anyone on the way can then
      #   read the API key.
      #   @return [Boolean]
      setting(:verify_tls, true) { |name, value| Check.boolean(name, value) }

      # @!attribute [rw] extra_headers
      #   Headers that every request carries besides the gem's own; those of the same name take their place.
      #   Default `{}`. A Content-Type is not taken: every body is JSON.
      #   @return [Hash{String => String}] frozen
      #   @example
      #     c.extra_headers = { "X-Team" => "search" }
      setting(:extra_headers, {}.freeze) { |name, value| Check.headers(name, value) }

      # @!attribute [rw] poll_interval
      #   Seconds before a run is asked after for the first time; each further wait is longer, up to
      #   {#max_poll_interval}. Default 0.1.
      #   @return [Float]
      setting(:poll_interval, 0.1) { |name, value| Check.seconds(name, value) }

      # @!attribute [rw] max_poll_interval
      #   The longest wait, in seconds, between two looks at a run. Default 1.0. Where {#poll_interval} is longer,
      #   that one counts.
      #   @return [Float]
      setting(:max_poll_interval, 1.0) { |name, value| Check.seconds(name, value) }

      # @!attribute [rw] ruby_llm_params
      #   Whether `max_tokens` and further options of {LlmClientService} reach ruby_llm. Default true. false: they
      #   are not sent, as the PromptTracker engine by itself does not.
      #   @return [Boolean]
      setting(:ruby_llm_params, true) { |name, value| Check.boolean(name, value) }

      # @!attribute [rw] cancel_on_interrupt
      #   Whether a run is cancelled at the server when its call is interrupted (Ctrl-C, Timeout, Thread#kill).
      #   Default false.
      #   @return [Boolean]
      setting(:cancel_on_interrupt, false) { |name, value| Check.boolean(name, value) }

      # @!attribute [rw] chat
      #   What carries standard chat: `:ruby_llm`, `:native` (this gem, `POST /chat/completions`) or `:auto`, the
      #   default: ruby_llm where the bundle has it.
      #   @return [Symbol]
      setting(:chat, :auto) { |name, value| Check.one_of(name, value, %i[auto ruby_llm native]) }

      # @!attribute [rw] replace_services
      #   Whether the gem's services take the place of the host's in a Rails app. Default true. false: the host's files
      #   count, and the gem's classes are {Services}`::OpenaiAssistantService` and `::LlmClientService`. It is read
      #   once, after `config/initializers`.
      #   @return [Boolean]
      setting(:replace_services, true) { |name, value| Check.boolean(name, value) }

      # @!attribute [rw] replace_openai
      #   Whether `OpenAI::Client` is this gem's, in the place of ruby-openai's: true, false, or `:auto`, the default:
      #   under Rails, where the bundle has neither that gem nor the official one. It counts while Rails boots, so
      #   it is set in `config/application.rb`. Elsewhere `require "prompt_tracker/native/ruby_openai"` does it.
      #   @return [Boolean, Symbol]
      #   @raise [ArgumentError] for false, where `OpenAI::Client` has been replaced already
      setting(:replace_openai, :auto) { |name, value| Check.replacement(name, value) }

      # All settings as they were set, without the environment; another Hash after each change.
      #
      # @api private
      # @return [Hash{Symbol => Object}] frozen
      attr_reader :settings

      # The settings at their defaults.
      def initialize
        @settings = self.class.defaults
        @given = []
        @snapshot = nil
        @warned = false
      end

      def base_url
        snapshot.base_url
      end

      def organization
        snapshot.organization
      end

      def project
        snapshot.project
      end

      # @api private
      # @param name [Symbol]
      # @return [Boolean] whether someone has set it, be it to its default
      def given?(name) = @given.include?(name)

      # The proxy that requests to `url` go through, from the environment as curl reads it: `https_proxy` or
      # `HTTPS_PROXY`, `http_proxy` (only in small letters), then `all_proxy` or `ALL_PROXY`.
      #
      # @param url [String]
      # @return [String] "" where there is none
      # @example
      #   ENV["https_proxy"] = "http://proxy:3128"
      #   PromptTracker::Native.configuration.proxy_for("https://api.openai.com/v1") # => "http://proxy:3128"
      def proxy_for(url)
        snapshot.proxy_for(url)
      end

      # @return [String] hosts reached without a proxy, from `no_proxy` or `NO_PROXY`; "" where none are named
      def no_proxy
        snapshot.no_proxy
      end

      # @return [String, nil] the file of trusted certificates that `SSL_CERT_FILE` names
      # @raise [ConfigurationError] where that is not a readable file
      def ca_file
        snapshot.ca_file
      end

      # @return [String, nil] the folder of trusted certificates that `SSL_CERT_DIR` names
      # @raise [ConfigurationError] where that is not a folder
      def ca_path
        snapshot.ca_path
      end

      # The settings and the environment of this moment. The same object as before while neither has changed.
      #
      # @api private
      # @return [Snapshot]
      def snapshot
        last = @snapshot
        return last if last&.current?(@settings)

        @snapshot = Snapshot.new(@settings, Snapshot.environment)
      end

      # @return [String] the settings that differ from their defaults, without anything that may be secret
      def inspect
        changed = @settings.reject { |name, value| value == self.class.defaults[name] }
        shown = changed.map { |name, value| " #{name}=#{hidden?(name) ? "[hidden]" : value.inspect}" }
        "#<#{self.class}#{shown.join(",")}>"
      end
      alias to_s inspect

      private

      # A new Hash each time: a snapshot knows by identity whether it is still of these settings.
      def change(name, value)
        @settings = { **@settings, name => value }.freeze
        @given |= [name]
        warn_of_no_verification if name == :verify_tls && value == false
      end

      def hidden?(name)
        %i[organization project extra_headers assistants logger].include?(name)
      end

      def warn_of_no_verification
        return if @warned

        @warned = true
        Native.warning(
          "WARNING: verify_tls is false, so certificates are not checked and anyone on the way to the server can " \
          "read the API key. To trust a certificate of your own, set SSL_CERT_FILE."
        )
      end
    end

    require_relative "configuration/responses"
    require_relative "configuration/observation"
    # Each call looks for a definition. Were this loaded on demand, one thread could be loading it while another forks.
    require_relative "definitions"

    autoload :Shutdown, "prompt_tracker/native/shutdown"

    @configuration = Configuration.new

    class << self
      # @return [Configuration] the gem's settings
      attr_reader :configuration

      # Changes the gem's settings.
      #
      # @yieldparam configuration [Configuration]
      # @return [Configuration]
      # @raise [ArgumentError] without a block, or where a value can't be used
      # @example
      #   PromptTracker::Native.configure { |c| c.flow = :polling }
      def configure
        raise ArgumentError, "configure needs a block: PromptTracker::Native.configure { |c| … }" unless block_given?

        yield configuration
        configuration
      end

      # A warning of the gem: to {Configuration#logger}, or else to the standard error.
      #
      # @api private
      # @param text [String]
      def warning(text)
        return Observation::Logging.warning(text) if configuration&.logger

        Kernel.warn "prompt_tracker-native: #{text}"
      end

      # Puts every setting back to its default, and forgets what servers have said of their rate limits. For specs.
      #
      # @return [Configuration] a new one
      # @example
      #   RSpec.configure { |c| c.after { PromptTracker::Native.reset_configuration! } }
      def reset_configuration!
        Transport.forget_rate_limits
        @configuration = Configuration.new
      end
    end
  end
end
