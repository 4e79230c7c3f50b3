# frozen_string_literal: true

Gem::Specification.new do |spec|
  spec.name = "prompt_tracker_first"
  spec.version = "0.0.0"
  spec.authors = ["The prompt_tracker-native authors"]
  spec.summary = "Stands in for a PromptTracker engine, in the specs of prompt_tracker-native"
  spec.license = "MIT"
  spec.required_ruby_version = ">= 3.1"
  spec.metadata["rubygems_mfa_required"] = "true"
  spec.files = Dir.chdir(__dir__) { Dir["{app,config,db,entry,lib}/**/*.rb"] }
  spec.require_paths = ["entry"]
end
