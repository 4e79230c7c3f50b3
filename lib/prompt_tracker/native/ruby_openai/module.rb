# frozen_string_literal: true

require "logger"

# What the ruby-openai gem calls so, on this gem's transport. docs/ruby_openai.md says where the two differ.
#
# @example
#   require "prompt_tracker/native/ruby_openai"
#   OpenAI.configure { |config| config.access_token = ENV.fetch("OPENAI_API_KEY") }
#   OpenAI::Client.new.chat(parameters: { model: "gpt-4o", messages: [{ role: "user", content: "Hello!" }] })
module OpenAI
  # The version of ruby-openai that this surface is taken from.
  VERSION = "8.3.0"

  # What isn't one of Faraday's errors. Without Faraday in the bundle: every error of a request.
  Error = PromptTracker::Native::Error
  # A setting that can't work.
  ConfigurationError = PromptTracker::Native::ConfigurationError
  # An administrative request without an admin token.
  class AuthenticationError < Error; end

  # The first modules that ruby-openai and the official gem open.
  %i[HTTPHeaders HTTP Internal].each do |name|
    autoload name, File.expand_path("beside", __dir__)
    private_constant name
  end

  class << self
    # @param configuration [Configuration]
    attr_writer :configuration

    # @return [Configuration] what {Client}s are made with
    def configuration
      @configuration ||= Configuration.new
    end

    # @yieldparam configuration [Configuration]
    # @return [Object] what the block returns
    # @example
    #   OpenAI.configure { |config| config.access_token = ENV.fetch("OPENAI_API_KEY") }
    def configure
      yield(configuration)
    end

    # How many tokens a text may have, by OpenAI's rules of thumb: four characters, or three quarters of a word, each.
    #
    # @param content [String]
    # @return [Integer]
    # @raise [ArgumentError]
    def rough_token_count(content = "")
      raise ArgumentError, "rough_token_count requires a string" unless content.is_a?(String)
      return 0 if content.empty?

      [((content.size / 4.0) + (content.split.size / 0.75)).fdiv(2).round, 1].max
    end

    # Writes to the standard output, as ruby-openai does where `log_errors` is set.
    #
    # @param prefix [String]
    # @param message [Object]
    # @param level [Symbol] `:error`, `:warn` …
    # @return [true]
    def log_message(prefix, message, level = :warn)
      colour = level == :error ? "\033[31m" : "\033[33m"
      logger = Logger.new($stdout)
      logger.formatter = lambda do |*, text|
        "#{colour}#{prefix} (spotted in prompt_tracker-native #{PromptTracker::Native::VERSION}): #{text}\n\033[0m"
      end
      logger.public_send(level, message)
    end
  end
end

require_relative "configuration"
require_relative "client"
require_relative "resources"
