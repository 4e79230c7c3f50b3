# frozen_string_literal: true

# Before anything of the gem is loaded: a warning while it loads counts too.
require_relative "support/own_warnings"
OwnWarnings.watch

require "prompt_tracker/native"
require_relative "support/isolation"
require_relative "support/timing"
require_relative "support/shared_server"
require_relative "support/child_process"

RSpec.configure do |config|
  config.disable_monkey_patching!
  config.raise_errors_for_deprecations!
  config.expect_with(:rspec) { |expectations| expectations.syntax = :expect }
  config.mock_with(:rspec) { |mocks| mocks.verify_partial_doubles = true }
  config.shared_context_metadata_behavior = :apply_to_host_groups
  config.filter_run_when_matching :focus

  # bin/test runs what failed once more, by itself.
  config.example_status_persistence_file_path = ENV.fetch("PTN_SPEC_STATUS", nil)

  config.order = :random
  Kernel.srand config.seed

  config.around { |example| Isolation.around(&example) }
  config.include Timing

  # Groups with this tag talk to the one local server that the whole suite shares.
  config.include SharedServer, :server
  config.before(:each, :server) { with_server }
  config.after(:suite) { SharedServer.stop }

  config.include ChildProcess, :child_process

  # Rows of the shared suite that only the Assistants wire has.
  config.filter_run_excluding(assistants_only: ->(_, metadata) { metadata.fetch(:wire, :assistants) != :assistants })

  config.after { OwnWarnings.raise_seen }
  config.after(:suite) { OwnWarnings.raise_seen }
end
