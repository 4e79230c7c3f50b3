# frozen_string_literal: true

module PromptTracker
  module Native
    class Configuration
      # The settings and the environment of one moment, unchanging. {Configuration#snapshot} makes a new one when
      # either differs.
      #
      # @api private
      class Snapshot
        # HTTP_PROXY in capitals is not read, as in curl: a CGI server sets it from a request's `Proxy` header.
        VARIABLES = %w[OPENAI_BASE_URL OPENAI_ORG_ID OPENAI_PROJECT_ID SSL_CERT_FILE SSL_CERT_DIR
                       https_proxy HTTPS_PROXY http_proxy all_proxy ALL_PROXY no_proxy NO_PROXY].freeze
        # OpenAI itself.
        DEFAULT_BASE_URL = "https://api.openai.com/v1"

        # The values of {VARIABLES} now. One call that nobody stubs, unlike `ENV[]`, which specs of an app do.
        #
        # @return [Array<String, nil>]
        def self.environment
          ENV.values_at(*VARIABLES)
        end

        # @param text [String, nil]
        # @return [String, nil] the text without white space around it; nil where nothing is left
        def self.present(text)
          stripped = text.to_s.b.strip
          stripped.force_encoding(text.encoding).freeze unless stripped.empty?
        end

        # @param settings [Hash] frozen, of a Configuration
        # @param environment [Array<String, nil>] of {.environment}
        def initialize(settings, environment)
          @settings = settings
          @environment = environment
          @variables = VARIABLES.zip(environment.map { |value| Snapshot.present(value) }).to_h.freeze
          @transport_options = {} # by scheme; filled on demand, as a setting that can't work must fail a call, not this
          freeze
        end

        # @return [Boolean] true where this is the snapshot of just these settings and the environment of this moment
        def current?(settings)
          @settings.equal?(settings) && Native.environment?(VARIABLES, @environment)
        end

        # @param name [Symbol]
        # @return [Object] a setting as it was set, without the environment
        def [](name)
          @settings.fetch(name)
        end

        # @return [String] without a slash at its end
        # @raise [ConfigurationError] where OPENAI_BASE_URL can't be used
        def base_url
          self[:base_url] || Check.base_url("OPENAI_BASE_URL", @variables["OPENAI_BASE_URL"]) || DEFAULT_BASE_URL
        rescue ArgumentError => e
          raise ConfigurationError, e.message
        end

        # @return [String, nil]
        def organization
          self[:organization] || @variables["OPENAI_ORG_ID"]
        end

        # @return [String, nil]
        def project
          self[:project] || @variables["OPENAI_PROJECT_ID"]
        end

        # @param url [String]
        # @return [String] the proxy for that URL; "" where there is none
        def proxy_for(url)
          own = tls?(url) ? %w[https_proxy HTTPS_PROXY] : %w[http_proxy]
          first(*own, "all_proxy", "ALL_PROXY") || ""
        end

        # @return [String] hosts that are reached without the proxy; "" where none are named
        def no_proxy
          first("no_proxy", "NO_PROXY") || ""
        end

        # @return [String, nil]
        # @raise [ConfigurationError] where SSL_CERT_FILE names no readable file
        def ca_file
          path = @variables["SSL_CERT_FILE"]
          return path if path.nil? || (File.file?(path) && File.readable?(path))

          raise ConfigurationError, "SSL_CERT_FILE is #{path.inspect}, which isn't a readable file: " \
                                    "correct the variable or unset it"
        end

        # @return [String, nil] one folder or, as OpenSSL has it, several joined by colons
        # @raise [ConfigurationError] where SSL_CERT_DIR names no folder
        def ca_path
          path = @variables["SSL_CERT_DIR"]
          return path if path.nil? || path.split(File::PATH_SEPARATOR).any? { |folder| File.directory?(folder) }

          raise ConfigurationError, "SSL_CERT_DIR is #{path.inspect}, which isn't a folder: " \
                                    "correct the variable or unset it"
        end

        # @param url [String] the base URL of the requests
        # @return [Hash{Symbol => Object}] keywords for Transport.new, frozen
        # @raise [ConfigurationError] as {#ca_file} and {#ca_path}
        def transport_options(url)
          @transport_options[tls?(url)] ||=
            { ca_file: ca_file, ca_path: ca_path, verify: self[:verify_tls],
              proxy: proxy_for(url), no_proxy: no_proxy,
              connect_timeout: self[:connect_timeout], read_timeout: self[:read_timeout],
              max_body: self[:max_body_bytes],
              max_retries: self[:max_retries], retry_ambiguous: self[:retry_ambiguous],
              rate_limits: self[:rate_limits] }.freeze
        end

        private

        def tls?(url)
          url.match?(%r{\Ahttps://}i)
        end

        def first(*names)
          @variables.values_at(*names).compact.first
        end
      end
    end
  end
end
