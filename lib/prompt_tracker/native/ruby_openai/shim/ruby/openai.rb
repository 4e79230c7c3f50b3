# frozen_string_literal: true

# What `require "ruby/openai"` finds once the replacement was asked for, and no other gem has that file.
require "prompt_tracker/native/ruby_openai"
