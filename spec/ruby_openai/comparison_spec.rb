# frozen_string_literal: true

require_relative "support/bundles"
require_relative "support/comparison"

# What ruby-openai does is what its replacement does: the same script runs with each, in a process of its own, against a
# local server that is told the same.
RSpec.describe "require \"prompt_tracker/native/ruby_openai\", beside ruby-openai" do
  include Bundles
  include Comparison

  eight = ["two arguments", "responses", "search"]
  both = ["assistants", "chat", "files", "vector stores", "clients", "errors"]

  both.each do |chapter|
    it "gives and sends the same for #{chapter} as ruby-openai 7.4" do
      skip "ruby-openai 7.4 is not installed: bin/setup installs it" unless Bundles.seven?

      expect_same(chapter, :ruby_openai_7, differing: Comparison::SINCE_SEVEN.fetch(chapter, []))
    end
  end

  (both + eight).each do |chapter|
    it "gives and sends the same for #{chapter} as ruby-openai 8" do
      expect_same(chapter, :ruby_openai)
    end
  end
end
