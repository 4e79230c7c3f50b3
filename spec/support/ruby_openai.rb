# frozen_string_literal: true

# The real ruby-openai gem, kept out of sight but for the examples that ask for it.
module RubyOpenai
  class << self
    # @return [String, nil] why it is not here
    attr_reader :missing

    # @return [Module, nil] what is its `OpenAI`
    def module
      return @module if defined?(@module)

      @module = load
    end

    private

    def load
      before = Object.const_defined?(:OpenAI)
      require "openai"
      gem = OpenAI
      return fail_with("another gem provides openai.rb") unless gem.const_defined?(:Client) && gem.const_defined?(:HTTP)

      before ? gem : Object.send(:remove_const, :OpenAI)
    rescue LoadError => e
      fail_with(e.message.lines.first.strip)
    end

    def fail_with(reason)
      @missing = "the ruby-openai gem can't be loaded here: #{reason}"
      nil
    end
  end
end
