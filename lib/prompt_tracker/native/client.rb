# frozen_string_literal: true

require_relative "client/http"
require_relative "client/lacking"
require_relative "client/resource"
require_relative "client/server"
require_relative "client/assistants"
require_relative "client/messages"
require_relative "client/models"
require_relative "client/run_steps"
require_relative "client/runs"
require_relative "client/threads"

module PromptTracker
  module Native
    autoload :Conversation, "prompt_tracker/native/conversation"
    autoload :ThreadsImport, "prompt_tracker/native/threads_import"

    # Something that the Assistants API had and the Responses API has not. The message says why.
    class UnsupportedError < Error; end

    # A run that has gone on as a response whose id only another process knows. {#run_id} and {#thread_id} name it.
    class SupersededError < Error; end

    # The OpenAI API, with the surface of ruby-openai's `OpenAI::Client` as far as assistants and chat go, on the
    # gem's own transport: warm connections that all threads share, and retries that never start a run twice.
    #
    # Answers are parsed JSON with Strings as keys. What goes wrong raises {Error} or one of its subclasses:
    # {HTTPError} where the server says no, {ConnectionError} or {TimeoutError} where it can't be reached or takes too
    # long, {AnswerError} where its answer can't be used.
    #
    # **Streaming.** Where the parameters hold `stream:`, it must be a Proc or an object with `#call`. It is called
    # for each event with the parsed data and, where it takes two arguments, with the event's name.
    #
    # One client can serve many threads at once. It keeps the settings and the environment of the moment it was made.
    #
    # @example
    #   client = PromptTracker::Native::Client.new(access_token: ENV.fetch("OPENAI_API_KEY"))
    #   thread = client.threads.create
    #   client.messages.create(thread_id: thread["id"], parameters: { role: "user", content: "Hello!" })
    #   run = client.runs.create(thread_id: thread["id"], parameters: { assistant_id: "asst_…" })
    # @example Streamed
    #   client.chat(parameters: { model: "gpt-4o", messages: [{ role: "user", content: "Hello!" }],
    #                             stream: ->(chunk) { print chunk.dig("choices", 0, "delta", "content") } })
    class Client
      autoload :Classic, "prompt_tracker/native/client/classic"
      autoload :Conversations, "prompt_tracker/native/client/conversations"
      autoload :Files, "prompt_tracker/native/client/files"
      autoload :Multipart, "prompt_tracker/native/client/multipart"
      autoload :Responses, "prompt_tracker/native/client/responses"
      autoload :VectorStoreFileBatches, "prompt_tracker/native/client/vector_store_file_batches"
      autoload :VectorStoreFiles, "prompt_tracker/native/client/vector_store_files"
      autoload :VectorStoreResource, "prompt_tracker/native/client/vector_stores"
      autoload :VectorStores, "prompt_tracker/native/client/vector_stores"

      include HTTP
      include Lacking
      include Server

      # What {#initialize} takes.
      SETTINGS = %i[access_token admin_token api_type api_version extra_headers log_errors organization_id project_id
                    request_timeout uri_base].freeze
      Check = Configuration::Check
      private_constant :SETTINGS, :Check

      # @return [String, nil] the API key
      attr_reader :access_token
      # @return [String, nil] the key that {#admin} uses
      attr_reader :admin_token
      # @return [Symbol, String, nil] as it was given: :azure, or nil
      attr_reader :api_type
      # @return [String] "v1", or a date for Azure
      attr_reader :api_version
      # @return [Hash{String => String}] sent besides the client's own headers; frozen
      attr_reader :extra_headers
      # @return [Proc, nil] the block given to {#initialize}; it is never called
      attr_reader :faraday_middleware
      # @return [Boolean] whether answers that say no are also written to the standard error
      attr_reader :log_errors
      # @return [String, nil] sent as OpenAI-Organization
      attr_reader :organization_id
      # @return [String, nil] sent as OpenAI-Project
      attr_reader :project_id
      # @return [Float, nil] seconds for one request, all its attempts together; nil: no limit
      attr_reader :request_timeout
      # @return [String] where requests go
      attr_reader :uri_base

      # What a client is made from besides the gem's settings and what it is given.
      #
      # @api private
      # @return [Hash, nil]
      def self.defaults; end

      # Keywords, or a Hash with the same keys; nil stands for the default.
      #
      # @param config [Hash]
      # @option config [String] :access_token the API key. Default: {Native.api_key}, but only where no `uri_base`
      #   is given, so that the key never goes to another server by itself. Where {Configuration#require_api_key} is
      #   false, only one that the configuration names a variable of its own for.
      # @option config [String] :uri_base the server, with or without its `/v1` (`api_version`, to be exact). Default:
      #   {Configuration#base_url}.
      # @option config [String] :api_version default "v1"
      # @option config [Symbol] :api_type :azure for Azure's kind of URLs and key: the header `api-key`, and the query
      #   `api-version` but for `…/openai/v1`. Default nil: :azure where the host is one of Azure's.
      # @option config [String] :organization_id default: {Configuration#organization}
      # @option config [String] :project_id default: {Configuration#project}
      # @option config [Numeric] :request_timeout seconds for one request, all its attempts together. Default:
      #   {Configuration#request_timeout}, 120.
      # @option config [Hash] :extra_headers default: {Configuration#extra_headers}
      # @option config [Boolean] :log_errors default false
      # @option config [String] :admin_token for {#admin}. Default nil.
      # @yield never: ruby-openai gives its block a Faraday connection, and there is none here. A block gets a warning.
      # @raise [ArgumentError] where a key is unknown, or a value can't be used
      # @raise [ConfigurationError] where OPENAI_BASE_URL is needed and can't be used
      # @example
      #   PromptTracker::Native::Client.new(uri_base: "http://localhost:4000", access_token: "key")
      def initialize(config = {}, &faraday_middleware)
        Native.check_ractor
        check_known(config)
        settings = Native.configuration.snapshot
        @settings = settings
        @api_type = config[:api_type]
        @api_version = api_version_of(config[:api_version])
        place(config[:uri_base], settings)
        identify(config, settings)
        @extra_headers = Check.headers(:extra_headers, config[:extra_headers] || settings[:extra_headers])
        @request_timeout = Check.optional_seconds(:request_timeout, config[:request_timeout]) ||
                           settings[:request_timeout]
        @log_errors = config[:log_errors] || false
        @faraday_middleware = faraday_middleware
        @deadline = nil
        forget
        warn_of_block if faraday_middleware
      end

      # @param token [String, nil] the API key from now on
      def access_token=(token)
        @access_token = given(:access_token, access_token: token)
        forget
      end

      # @return [Threads]
      def threads
        resource(Threads)
      end

      # @return [Messages]
      def messages
        resource(Messages)
      end

      # @return [Runs]
      def runs
        resource(Runs)
      end

      # @return [RunSteps]
      def run_steps
        resource(RunSteps)
      end

      # @return [Assistants]
      def assistants
        resource(Assistants)
      end

      # @return [Models]
      def models
        resource(Models)
      end

      # @return [Responses]
      def responses
        resource(Responses)
      end

      # @return [Conversations]
      def conversations
        resource(Conversations)
      end

      # @return [Files]
      def files
        resource(Files)
      end

      # @return [VectorStores]
      def vector_stores
        resource(VectorStores)
      end

      # @return [VectorStoreFiles]
      def vector_store_files
        resource(VectorStoreFiles)
      end

      # @return [VectorStoreFileBatches]
      def vector_store_file_batches
        resource(VectorStoreFileBatches)
      end

      # `POST /chat/completions`.
      #
      # @param parameters [Hash] `model:`, `messages:`, `stream:` …
      # @return [Hash, String] the completion, or "" where it was streamed
      # @raise [ArgumentError] where a text isn't valid UTF-8, or `stream:` can't be called
      # @raise [Error] as the server or the network has it
      # @example
      #   client.chat(parameters: { model: "gpt-4o", messages: [{ role: "user", content: "Hello!" }] })
      #         .dig("choices", 0, "message", "content")
      def chat(parameters: {})
        object(:post, "/chat/completions", parameters: parameters)
      end

      # @return [Boolean] whether the server is Azure's, by {#api_type} or else by its host
      def azure?
        @api_type.nil? ? azure_host? : @api_type.to_sym == :azure
      end

      # @return [Client] a copy that uses the admin token as its key
      # @raise [ConfigurationError] without an admin token
      def admin
        unless admin_token
          raise ConfigurationError, "administrative requests need an admin token: " \
                                    "#{self.class}.new(admin_token: …)"
        end

        dup.tap { |client| client.access_token = admin_token }
      end

      # @param apis [Hash{Symbol => String}]
      # @return [Client] a copy whose requests carry them as the header OpenAI-Beta; this one stays as it is
      # @example
      #   client.beta(assistants: "v2") # OpenAI-Beta: assistants=v2
      def beta(apis)
        value = apis.map { |name, version| "#{name}=#{version}" }.join(";")
        dup.tap { |client| client.add_headers("OpenAI-Beta": value) }
      end

      # Adds headers to every request of this client from now on; those of the same name are replaced.
      #
      # @param headers [Hash{String, Symbol => String}]
      # @return [Hash{String => String}] all extra headers, frozen
      # @raise [ArgumentError] where a name or a value can't be one
      def add_headers(headers)
        @extra_headers = joined(@extra_headers, Check.headers(:headers, headers))
        forget
        @extra_headers
      end

      # A copy for one call of the services. It gives up at one moment, whatever number of requests that moment cuts
      # short; and its threads, messages and runs are those of the Assistants API whatever is defined here: a service
      # that asks for them has chosen that API.
      #
      # @api private
      # @param monotonic_seconds [Float] on the clock Process::CLOCK_MONOTONIC
      # @return [Client] whose every request ends by then, and within {#request_timeout}; {TimeoutError} after it
      def with_deadline(monotonic_seconds)
        dup.tap { |client| client.deadline = @deadline ? [@deadline, monotonic_seconds].min : monotonic_seconds }
      end

      # The client itself; {OpenAI::Client} has another.
      #
      # @api private
      # @return [Client] raises the gem's own errors
      def native
        self
      end

      # @api private
      # @return [Boolean] true: the classic verbs are those of the Assistants API, whatever is defined here
      def assistants_only?
        !@deadline.nil?
      end

      # What carries the requests: one for the whole life of a client, unless its headers change.
      #
      # @api private
      # @return [Transport]
      # @raise [ConfigurationError] where a setting or the environment can't work
      def transport
        @transport ||= Transport.new(@base_url, headers, **@settings.transport_options(@base_url))
      end

      # Asks for the models, once: whatever fails is an error at once.
      #
      # @api private
      # @param timeout [Numeric] seconds
      # @return [Answer]
      # @raise [Error]
      def probe(timeout)
        options = { **@settings.transport_options(@base_url), max_retries: 0 }
        Transport.new(@base_url, headers, **options).request(:get, target("/models", nil), nil, nil, timeout)
      end

      # A key has no place in a file or a cache.
      #
      # @api private
      # @raise [TypeError]
      def encode_with(_coder = nil)
        raise TypeError, "a Client can't be written as YAML or by Marshal, as it holds a key: make one where it is used"
      end
      alias marshal_dump encode_with

      # @return [String] without keys and headers
      def inspect
        hidden = { access_token: @access_token, admin_token: @admin_token, organization_id: @organization_id,
                   project_id: @project_id, extra_headers: @extra_headers }
        shown = { uri_base: @uri_base, api_type: @api_type, api_version: @api_version,
                  request_timeout: @request_timeout, log_errors: @log_errors }
        parts = shown.map { |name, value| "#{name}=#{value.inspect}" } +
                hidden.map { |name, value| "#{name}=#{value.nil? || value.empty? ? value.inspect : "[hidden]"}" }
        "#<#{self.class} #{parts.join(", ")}>"
      end
      alias to_s inspect

      protected

      attr_writer :deadline

      private

      # The resources of the original belong to the original.
      def initialize_copy(source)
        super
        @resources = {}
      end

      def resource(kind)
        @resources[kind] ||= kind.new(client: self)
      end

      def forget
        @resources = {}
        @transport = nil
      end

      def check_hash(config)
        raise ArgumentError, "#{self.class}.new takes keywords, or a Hash" unless config.is_a?(Hash)
      end

      def check_known(config)
        check_hash(config)
        unknown = config.keys - SETTINGS
        return if unknown.empty?

        raise ArgumentError, "unknown: #{unknown.map(&:inspect).join(", ")}; " \
                             "known are #{SETTINGS.map(&:inspect).join(", ")}"
      end

      def warn_of_block
        Native.warning(
          "the block given to #{self.class}.new is not called, as there is no Faraday here: use " \
          "PromptTracker::Native.configure, extra_headers and the proxy variables instead."
        )
      end
    end
  end
end
