# frozen_string_literal: true

# By this name, as both engines are in one bundle.
require_relative "../lib/prompt_tracker"
