# frozen_string_literal: true

# The two services' signatures. The extension has defined the classes and does the work; keywords are written in Ruby
# so that `Method#parameters`, verifying doubles and YARD see them. Services.define loads this: the classes stand in
# PromptTracker, or in Native::Services where the host keeps its own.

module PromptTracker
  # Calls an OpenAI assistant and returns its answer.
  #
  # @example
  #   result = PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_abc123", prompt: "What's the weather?")
  #   result[:text]   # => "…"
  #   result[:usage]  # => { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 }
  # @example Text as it arrives
  #   PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_abc123", prompt: "Hello!") { |delta| print delta }
  # @example Tools
  #   weather = ->(arguments) { { celsius: 21, city: arguments["city"] } }
  #   PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_abc123", prompt: "What's the weather?",
  #                                              tools: { "get_weather" => weather })
  class Native::Services::OpenaiAssistantService # rubocop:disable Style/ClassAndModuleChildren
    extend Native::CallMany
    extend Native::Resumption
    extend Native::ThreadsImport

    # Same as `new(…).call`.
    #
    # @param (see #initialize)
    # @option (see #initialize)
    # @yieldparam (see #call)
    # @return (see #call)
    # @raise (see #initialize)
    # @raise (see #call)
    def self.call(assistant_id:, prompt:, timeout: 60, **more, &block)
      new(assistant_id: assistant_id, prompt: prompt, timeout: timeout, **more).call(&block)
    end

    # @param assistant_id [String] "asst_…"
    # @param prompt [String, Array<Hash>] the user's message: text, or content parts
    # @param timeout [Numeric, #to_f] seconds for the whole call. Default 60.
    # @param more [Hash] further options of the run
    # @option more [String, Symbol] :thread_id what to go on from: a thread or, where the assistant has a definition, a
    #   conversation (`conv_…`) or a response (`resp_…`). `:new` makes a conversation first. Default: a new thread, or
    #   a response by itself.
    # @option more [Hash{String => #call}] :tools a handler for each function that the assistant may call. It gets
    #   the arguments as a Hash with String keys; what it returns is the output: a String, or anything that JSON has.
    # @option more [Symbol] :flow `:streaming` or `:polling`. Default: {Native::Configuration#flow}.
    # @option more [Object] :model, :instructions, :additional_instructions, :additional_messages, :temperature,
    #   :top_p, :max_prompt_tokens, :max_completion_tokens, :truncation_strategy, :tool_choice,
    #   :parallel_tool_calls, :response_format, :metadata, :reasoning_effort as OpenAI's API document has them for a run
    # @raise [ArgumentError] where one of these can't be used; it says what to give
    # @raise [AssistantError] where the key is not set
    def initialize(assistant_id:, prompt:, timeout: 60, **more)
      Native.check_ractor
      prepare(assistant_id, prompt, timeout, more)
    end

    # @return [String] without the prompt
    def inspect
      "#<#{self.class} #{assistant_id} timeout=#{timeout}>"
    end
  end

  # Calls a language model: an assistant, or standard chat.
  #
  # @example
  #   PromptTracker::LlmClientService.call(provider: "openai", model: "gpt-4o", prompt: "Hello!")[:text]
  class Native::Services::LlmClientService # rubocop:disable Style/ClassAndModuleChildren
    extend Native::CallMany

    class << self
      # An assistant where the provider is `openai_assistants` or the model begins with `asst_`: then the same as
      # {OpenaiAssistantService.call}. Else standard chat: the same as `new(…).call`.
      #
      # @param provider [String, Symbol]
      # @param model [String]
      # @param prompt [String]
      # @param temperature [Float, nil] standard chat only; nil: not sent. Default 0.7.
      # @param max_tokens [Integer, nil] standard chat only
      # @param options [Hash] standard chat: further parameters of the request, and `timeout:` in seconds, which is
      #   never sent. Assistants: what {OpenaiAssistantService#initialize} takes; others are dropped with a warning.
      # @yieldparam delta [String] a piece of the text, as it arrives
      # @return [Hash] `{ text:, usage: { prompt_tokens:, completion_tokens:, total_tokens: }, model:, raw: }`
      # @raise [UnsupportedProviderError] where only the ruby_llm gem could serve the provider
      # @raise [MissingApiKeyError, ApiError, OpenaiAssistantService::AssistantError]
      def call(provider:, model:, prompt:, temperature: 0.7, max_tokens: nil, **options, &block)
        Native.check_ractor
        route(provider, model, prompt, temperature, max_tokens, options, &block)
      end

      # Standard chat whose answer fits a schema; `text` is then JSON.
      #
      # @param (see .call)
      # @param schema [Class, Hash] a RubyLLM::Schema, or a Hash with a JSON schema
      # @return [Hash] as {.call}
      # @raise [ArgumentError] where the schema is nil
      def call_with_schema(provider:, model:, prompt:, schema:, temperature: 0.7, max_tokens: nil, **options)
        raise ArgumentError, "Schema is required for call_with_schema" if schema.nil?

        Native.check_ractor
        chat_with_schema(provider, model: model, prompt: prompt, schema: schema, temperature: temperature,
                                   max_tokens: max_tokens, **options)
      end

      # {OpenaiAssistantService.call}, whose failures are {ApiError}s here.
      #
      # @param assistant_id [String]
      # @param prompt [String, Array<Hash>]
      # @param options [Hash] as {OpenaiAssistantService#initialize}; others are dropped with a warning
      # @return [Hash] as {OpenaiAssistantService#call}
      # @raise [ApiError] "OpenAI Assistant API error: …"
      def call_openai_assistant(assistant_id:, prompt:, **options, &block)
        Native.check_ractor
        ask_assistant(assistant_id, prompt, options, &block)
      end
    end

    # @return [String] the model
    # @return [Hash] the options
    # @param model [String]
    # @param prompt [String]
    # @param temperature [Float, nil]
    # @param max_tokens [Integer, nil]
    # @param schema [Class, Hash, nil] for {#call_with_schema}
    # @param options [Hash] as {.call}
    def initialize(model:, prompt:, temperature: 0.7, max_tokens: nil, schema: nil, **options)
      @model = model
      @prompt = prompt
      @temperature = temperature
      @max_tokens = max_tokens
      @schema = schema
      @options = options
    end

    # @return [String] without the prompt
    def inspect
      "#<#{self.class} #{model}>"
    end
  end
end
