# frozen_string_literal: true

require "bundler"

# What the documents list is what there is.
RSpec.describe "The documents" do
  root = File.expand_path("..", __dir__)
  read = ->(path) { File.read(File.join(root, path), encoding: "UTF-8") }
  names = ->(pattern) { Dir[File.join(root, pattern)].map { |path| File.basename(path).sub(/\.\w+\z/, "") }.uniq.sort }
  code = ->(text) { text.scan(/`([^`]+)`/).flatten }
  # The names in the first column of tables whose first heading is this.
  first_column = lambda do |path, heading|
    tables = read.call(path).scan(/^\| *#{heading} .*\n\|-.*\n((?:\|.*\n)+)/).flatten
    tables.join.lines.flat_map { |row| code.call(row.split("|")[1]) }
  end

  it "have each setting once, in the README's table" do
    expect(first_column.call("README.md", "setting").sort)
      .to eq(PromptTracker::Native::Configuration.defaults.keys.map(&:name).sort)
  end

  it "have a type for each setting" do
    types = Dir[File.join(root, "sig/**/*.rbs")].map { |path| File.read(path) }.join
    untyped = PromptTracker::Native::Configuration.defaults.keys.reject do |name|
      types.match?(/def #{name}=:|attr_accessor #{name}:/)
    end
    expect(untyped).to be_empty
  end

  it "have each C file of the core and of the binding, and no others" do
    listed = first_column.call("docs/architecture.md", "file")
    expect(listed.sort).to eq((names.call("ext/*/core/*.[ch]") + names.call("ext/*/binding/*.[ch]")).sort)
  end

  it "have a reason for each gem and each package" do
    gemfiles = Dir[File.join(root, "{Gemfile,gemfiles/*.gemfile,bench/Gemfile,spec/rails/gemfiles/*}")]
    gems = gemfiles.flat_map { |path| File.read(path).scan(/^\s*gem "([^"]+)"/).flatten }
    own = %w[prompt_tracker-native prompt_tracker_first prompt_tracker_newer]
    setup = read.call("bin/setup")
    packages = setup.scan(/\|\| echo ([a-z][a-z0-9.-]+)/).flatten +
               setup.scan(/(?:companion "[^"]+"|printf '%s\\n') ([a-z][a-z0-9. -]+)/).flatten.flat_map(&:split)
    packages += read.call("bin/bench")[/packages=\((.*)\)/, 1].split
    known = code.call(read.call("docs/dependencies.md")).flat_map(&:split)
    expect((gems - own + packages).uniq - known).to be_empty
  end

  it "name files that are there" do
    gone = Dir[File.join(root, "{*.md,docs/*.md,bench/results/*.md}")].flat_map do |page|
      paths = code.call(File.read(page, encoding: "UTF-8")).grep(%r{\A(?:bin|docs|ext|lib|sig|spec|test)/[\w./*-]+\z})
      paths.reject { |path| Dir.glob(path.delete_suffix("/"), base: root).any? }
    end
    expect(gone).to be_empty
  end

  it "link to what is there" do
    anchors = Hash.new do |known, path|
      headings = File.read(path, encoding: "UTF-8").scan(/^#+ (.+)$/).flatten
      known[path] = headings.map { |heading| heading.downcase.delete("^a-z0-9 _-").tr(" ", "-") }
    end
    dead = Dir[File.join(root, "{*.md,docs/*.md,bench/results/*.md,spec/**/*.md}")].flat_map do |page|
      File.read(page, encoding: "UTF-8").scan(/\]\(([^)\s]+)\)/).flatten.filter_map do |link|
        next if link.match?(/\A\w+:/)

        path, anchor = link.split("#", 2)
        target = path.empty? ? page : File.expand_path(path, File.dirname(page))
        "#{page}: #{link}" unless File.exist?(target) && (anchor.nil? || anchors[target].include?(anchor))
      end
    end
    expect(dead).to be_empty
  end

  it "are in the gem, with all that runs" do
    files = Gem::Specification.load(File.join(root, "prompt_tracker-native.gemspec")).files
    wanted = Dir.glob("{exe,lib,ext,sig,docs}/**/*.{rb,rbs,c,h,md}", base: root) + %w[exe/prompt_tracker-native] +
             %w[README.md CHANGELOG.md SECURITY.md LICENSE]
    expect(wanted - files).to be_empty
  end
end
