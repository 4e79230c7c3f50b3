# frozen_string_literal: true

require "prompt_tracker/native"

PromptTracker::Native::OpenaiGems.check

# Apps that had Faraday through ruby-openai go on rescuing its errors, where the bundle still has it.
begin
  require "faraday"
rescue LoadError => e
  raise unless e.path == "faraday"
end

require_relative "ruby_openai/failures"
require_relative "ruby_openai/module"

# Last in the load path: where another gem has an openai.rb, that one is found, and {OpenAI} refuses it.
shim = File.expand_path("ruby_openai/shim", __dir__)
$LOAD_PATH.push(shim) unless $LOAD_PATH.include?(shim)
