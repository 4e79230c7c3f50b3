# frozen_string_literal: true

# What Bundler requires for the gem's name.
require "prompt_tracker/native"

# Where a spec_helper has loaded the gem before Rails was there.
require "prompt_tracker/native/railtie" if defined?(Rails::Railtie)
