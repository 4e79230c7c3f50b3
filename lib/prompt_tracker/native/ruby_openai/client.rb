# frozen_string_literal: true

module OpenAI
  # ruby-openai's client, on this gem's transport: {PromptTracker::Native::Client} with the defaults of
  # {OpenAI.configuration} and, where the bundle has Faraday, with Faraday's errors.
  class Client < PromptTracker::Native::Client
    Failures = PromptTracker::Native::RubyOpenai::Failures
    # What {OpenAI.configuration} has, too.
    CONFIG_KEYS = (SETTINGS - [:project_id]).freeze
    private_constant :CONFIG_KEYS, :Failures

    # @api private
    def self.defaults
      OpenAI.configuration.to_h
    end

    # What is nil or not given is taken from {OpenAI.configuration}. What nobody has set there either is what the gem's
    # own settings and the environment say: `OPENAI_BASE_URL`, `OPENAI_API_KEY` …
    #
    # @param config [Hash] as {PromptTracker::Native::Client#initialize}; other keys are left out, with a warning
    # @yield never: there is no Faraday connection here. A block gets a warning.
    # @raise [ArgumentError] where a value can't be used
    # @example
    #   OpenAI::Client.new(access_token: "…", uri_base: "https://gateway.example/", request_timeout: 240)
    def initialize(config = {}, &faraday_middleware)
      check_hash(config)
      warn_of(config.keys - SETTINGS)
      @native = false
      defaults = self.class.defaults
      given = SETTINGS.to_h { |name| [name, config[name].nil? ? defaults[name] : config[name]] }
      @given_base = given[:uri_base]
      super(given, &faraday_middleware)
    end

    # @return [String] as it was given to {#initialize} or to {OpenAI.configuration}, or else where requests go
    def uri_base
      default = PromptTracker::Native::Configuration::Snapshot::DEFAULT_BASE_URL
      @given_base || (super == default ? Configuration::DEFAULT_URI_BASE : super)
    end

    # @return [Client] a copy that uses the admin token as its key
    # @raise [AuthenticationError] without an admin token
    def admin
      unless admin_token
        raise AuthenticationError, "You must set an OPENAI_ADMIN_TOKEN= to use administrative endpoints: " \
                                   "#{self.class}.new(admin_token: …)"
      end

      super
    end

    # @api private
    # @return [Client] a copy that raises the gem's own errors, for what the gem itself does with it
    def native
      @native ? self : dup.tap { |client| client.native = true }
    end

    # @api private
    def with_deadline(monotonic_seconds)
      @native ? super : native.with_deadline(monotonic_seconds)
    end

    # @api private
    def events(path, query)
      super
    rescue Error => e
      raise failure(e, :get, path, query, nil)
    end

    protected

    attr_writer :native

    private

    def resource(kind)
      super(@native ? kind : OpenAI.const_get(kind.name[/\w+\z/]))
    end

    def exchange(method, path, query: nil, parameters: nil, form: nil)
      super
    rescue Error => e
      raise failure(e, method, path, query, parameters)
    end

    # An error says which request it is about, also where it is turned into Faraday's later.
    def failure(error, method, path, query, parameters)
      body = PromptTracker::Native::Text.generate_json(Stream.split(parameters.to_hash).last) unless parameters.nil?
      Failures.note(error, method: method, url: "#{@base_url}#{target(path, query)}", headers: headers, body: body)
      @native ? error : Failures.turned(error)
    end

    def log(error)
      OpenAI.log_message("OpenAI HTTP Error", Failures.body(error), :error)
    end

    def warn_of(unknown)
      return if unknown.empty?

      PromptTracker::Native.warning(
        "#{self.class}.new has no #{unknown.map(&:inspect).join(", ")}; it has #{SETTINGS.map(&:inspect).join(", ")}"
      )
    end
  end
end
