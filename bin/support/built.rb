# frozen_string_literal: true

require "rbconfig"

# What bin/setup has built, so that bin/ask can start at once: without Bundler, and without looking at each gem.
# tmp/setup/load_path has the Ruby it is for, the folder of the bundle, and then the load path, one a line.
module Built
  ROOT = File.expand_path("../..", __dir__)
  RECORD = File.join(ROOT, "tmp/setup/load_path")
  EXTENSION = File.join(ROOT, "lib/prompt_tracker_native/prompt_tracker_native.#{RbConfig::CONFIG["DLEXT"]}")
  DECIDE_THE_GEMS = ["Gemfile", "Gemfile.lock", "prompt_tracker-native.gemspec", "lib/prompt_tracker/native/version.rb"]
                    .map { |name| File.join(ROOT, name) }.freeze
  STANDARD_FOLDERS = %w[rubylibdir rubyarchdir sitelibdir sitearchdir sitedir
                        vendorlibdir vendorarchdir vendordir].freeze
  private_constant :ROOT, :RECORD, :EXTENSION, :DECIDE_THE_GEMS, :STANDARD_FOLDERS

  module_function

  # Whether everything is built and nothing has changed since.
  def current?
    extension? && ENV["BUNDLE_PATH"].to_s == record[1] && newer?(RECORD, DECIDE_THE_GEMS) &&
      load_path.all? { |path| File.directory?(path) }
  end

  # Whether the extension is compiled, for this Ruby and from the sources as they are.
  def extension?
    record[0] == RUBY_DESCRIPTION && newer?(EXTENSION, Dir[File.join(ROOT, "ext/**/*")])
  end

  def load_path
    record.drop(2)
  end

  # Called inside the bundle, by bin/setup.
  def store
    paths = $LOAD_PATH.map { |path| File.expand_path(path.to_s) } - RbConfig::CONFIG.values_at(*STANDARD_FOLDERS)
    paths.select! { |path| File.directory?(path) } # Bundler also lists folders that were never made
    File.write(RECORD, [RUBY_DESCRIPTION, ENV["BUNDLE_PATH"].to_s, *paths].join("\n"))
  end

  def record
    File.exist?(RECORD) ? File.read(RECORD, encoding: "UTF-8").split("\n") : []
  end

  def newer?(file, others)
    return false unless File.exist?(file)

    time = File.mtime(file)
    others.all? { |other| !File.exist?(other) || File.mtime(other) <= time }
  end
  private_class_method :record, :newer?
end
