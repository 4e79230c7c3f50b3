# frozen_string_literal: true

# The swap: one line in a real app's Gemfile.
case ENV.fetch("SWAP")
when "before" # ruby-openai, and a service of the app's own
  require_relative "reference_service"
when "beside" # the gem's service, while ruby-openai is still in the bundle
  require "openai"
  require "prompt_tracker/native"
when "instead" # ruby-openai is gone
  require "prompt_tracker/native/ruby_openai"
end
