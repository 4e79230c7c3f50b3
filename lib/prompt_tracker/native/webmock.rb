# frozen_string_literal: true

begin
  require "webmock"
rescue LoadError => e
  raise unless e.path == "webmock"

  raise LoadError, "prompt_tracker/native/webmock needs the webmock gem: add `gem \"webmock\"` to the test group " \
                   "of the Gemfile"
end

require "prompt_tracker/native"
require_relative "webmock/adapter"
