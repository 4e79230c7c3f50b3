# frozen_string_literal: true

require "bundler"

# For programs that specs run with a bundle that is not the specs' own.
module OtherBundle
  ROOT = File.expand_path("../..", __dir__)

  # All that such a program's environment has, and nothing of the specs' own bundle: to be given with
  # `unsetenv_others: true`.
  #
  # @param gemfile [String]
  # @return [Hash{String => String}]
  def self.environment(gemfile)
    clean = Bundler.with_unbundled_env { ENV.to_h }.reject { |name, _| name.match?(/\A(?:BUNDLE_|RUBY|OPENAI_)/) }
    path = Bundler.settings[:path] # gems may be in a folder of the checkout's own
    clean["BUNDLE_PATH"] = File.expand_path(path, ROOT) if path
    clean.merge("BUNDLE_GEMFILE" => gemfile)
  end
end
