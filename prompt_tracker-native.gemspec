# frozen_string_literal: true

require_relative "lib/prompt_tracker/native/version"

Gem::Specification.new do |spec|
  spec.name = "prompt_tracker-native"
  spec.version = PromptTracker::Native::VERSION
  spec.authors = ["The prompt_tracker-native authors"]
  spec.summary = "OpenAI assistant calls for PromptTracker, through a C extension on libcurl"
  spec.description = "Provides PromptTracker::OpenaiAssistantService and PromptTracker::LlmClientService as a C " \
                     "extension on libcurl: one request on a warm connection for each assistant call, text as it " \
                     "comes, and a local server to develop and test against without a key."
  spec.license = "MIT"
  spec.required_ruby_version = ">= 3.1"
  spec.metadata["rubygems_mfa_required"] = "true"

  # Listed without git, so that the gem can also be built from an unpacked archive.
  spec.files = Dir.chdir(__dir__) do
    Dir["exe/*", "lib/**/*.rb", "sig/**/*.rbs", "ext/**/*.{c,h,rb}", "docs/**/*.md",
        "README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", ".yardopts"]
  end
  spec.extensions = ["ext/prompt_tracker_native/extconf.rb"]
  spec.bindir = "exe"
  spec.executables = spec.files.grep(%r{\Aexe/}) { |path| File.basename(path) }
  spec.require_paths = ["lib"]

  spec.add_dependency "json", ">= 2.6"
end
