# frozen_string_literal: true

ENV["BUNDLE_GEMFILE"] ||= File.expand_path("../../gemfiles/rails_7_2.gemfile", __dir__)

# What of the bundle this app has: PTN_APP_HAS names the groups, in the order in which they are required. The others are
# kept out of the load path, as if they were not in the Gemfile.
GROUPS = ENV.fetch("PTN_APP_HAS", "native").split(",").map(&:to_sym)

require "bundler"
Bundler.setup(:default, *GROUPS)
require "bootsnap/setup" if ENV["BOOTSNAP_CACHE_DIR"]
