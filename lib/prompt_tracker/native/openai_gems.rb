# frozen_string_literal: true

module PromptTracker
  module Native
    # The two gems that have an `OpenAI::Client` of their own, and whether that constant is to be this gem's instead.
    # docs/ruby_openai.md has the rule.
    #
    # @api private
    module OpenaiGems
      # As they are called in a Gemfile.
      NAMES = %w[ruby-openai openai].freeze
      # Where an app may define a constant OpenAI of its own, and how.
      FILES = %w[openai.rb open_ai.rb].freeze
      DEFINITION = /^\s*(?:module|class)\s+OpenAI\b/n

      private_constant :FILES, :DEFINITION

      class << self
        # @return [Array<String>] those that the bundle has, or that RubyGems has activated
        def bundled
          defined?(Gem.loaded_specs) ? NAMES & Gem.loaded_specs.keys : []
        end

        # @return [String, nil] what has defined an `OpenAI::Client` that isn't this gem's
        def loaded
          return if replaced? || !Object.const_defined?(:OpenAI)
          return "a constant OpenAI that is no module (#{place("OpenAI")})" unless openai.instance_of?(Module)
          return unless openai.const_defined?(:Client, false)
          return "ruby-openai #{openai::VERSION}" if openai.const_defined?(:HTTPHeaders, false)
          return "the official openai gem #{openai::VERSION}" if openai.const_defined?(:Internal, false)

          "an OpenAI::Client (#{place("OpenAI::Client")})"
        end

        # @return [Boolean] whether `OpenAI::Client` is this gem's
        def replaced?
          Native.const_defined?(:RubyOpenai, false)
        end

        # Makes `OpenAI::Client` this gem's, where {Configuration#replace_openai} wants it. Under Rails an initializer
        # does this before the app's own.
        #
        # @param folders [Array<String>] that the app's constants are loaded from
        # @return [Boolean] whether it is
        # @raise [LoadError] where it is to be, and another gem's is loaded
        def replace(folders = [])
          wanted = Native.configuration.replace_openai
          wanted = bundled.empty? && !Object.const_defined?(:OpenAI) && !defined_in?(folders) if wanted == :auto
          require "prompt_tracker/native/ruby_openai" if wanted
          replaced?
        end

        # @raise [LoadError] where `OpenAI::Client` can't be this gem's
        def check
          if Native.configuration.replace_openai == false
            raise LoadError, "prompt_tracker/native/ruby_openai is required while replace_openai is false: leave out " \
                             "one of the two"
          end

          raise LoadError, beside(loaded) if loaded
        end

        # @param what [String] the other gem
        # @return [String]
        def beside(what)
          "#{what} is loaded beside prompt_tracker-native's replacement of it, and there can be only one " \
            "OpenAI::Client. Remove that gem from the Gemfile (`bundle remove #{bundled.first || NAMES.first}`), or " \
            "keep it: leave out `require \"prompt_tracker/native/ruby_openai\"`, and under Rails set " \
            "`config.prompt_tracker_native.replace_openai = false` in config/application.rb"
        end

        private

        # A file of that name would be passed over where the constant is there already.
        def defined_in?(folders)
          files = folders.flat_map { |folder| FILES.map { |name| File.join(folder, name) } }
          files.any? { |file| File.file?(file) && File.binread(file).match?(DEFINITION) }
        end

        def openai
          Object.const_get(:OpenAI)
        end

        def place(name)
          Array(Object.const_source_location(name)).join(":")
        end
      end
    end
  end
end
