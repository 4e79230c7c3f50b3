# frozen_string_literal: true

require "json"
require_relative "support/bundles"

# Compared with the real gems, each in a process of its own.
RSpec.describe "The signatures of the replacement" do
  include Bundles

  carried = %w[Assistants Client Configuration Conversations Files Messages Models Responses RunSteps Runs Threads
               VectorStoreFileBatches VectorStoreFiles VectorStores]
  # Of a class, its methods with their parameters; under ".", those of the module itself. Writers name
  # theirs as they like.
  dump = <<~RUBY
    require "json"
    classes, asked = JSON.parse(ARGV[0])
    parameters = lambda { |method| method.name.end_with?("=") ? method.arity : method.parameters }
    surface = classes.select { |name| OpenAI.const_defined?(name) }.to_h do |name|
      klass = OpenAI.const_get(name)
      names = asked ? asked.fetch(name).keys - ["initialize"] : klass.public_instance_methods(false)
      # What it includes is its own, too.
      names |= OpenAI::HTTP.public_instance_methods | [:add_headers] if name == "Client" && !asked
      methods = names.to_h { |one| [one, klass.method_defined?(one) ? parameters.(klass.instance_method(one)) : nil] }
      [name, methods.merge(initialize: klass.instance_method(:initialize).parameters)]
    end
    own = asked ? asked.fetch(".").keys : OpenAI.singleton_methods(false)
    surface["."] = own.to_h { |one| [one, OpenAI.respond_to?(one) ? parameters.(OpenAI.method(one)) : nil] }
    puts JSON.generate(surface)
  RUBY

  define_method(:theirs) do |bundle|
    JSON.parse(output_in(bundle, "require \"openai\"\n#{dump}", JSON.generate([carried, nil])))
  end

  define_method(:ours) do |surface|
    argument = JSON.generate([surface.keys - ["."], surface])
    JSON.parse(output_in(:ours, "require \"prompt_tracker/native/ruby_openai\"\n#{dump}", argument))
  end

  it "are those of ruby-openai 8" do
    surface = theirs(:ruby_openai)
    expect(surface.keys).to match_array([*carried, "."])
    expect(surface["Files"]["upload"]).to eq([%w[key parameters]])
    expect(ours(surface)).to eq(surface)
  end

  it "take all that those of ruby-openai 7.4 take" do
    skip "ruby-openai 7.4 is not installed: bin/setup installs it" unless Bundles.seven?

    surface = theirs(:ruby_openai_7)
    expect(surface.keys).to match_array([*carried - %w[Conversations Responses], "."])
    # Since 7.4 some methods have got an optional keyword.
    more = ours(surface).to_h do |name, methods|
      [name, methods.reject { |method, parameters| parameters == surface[name][method] }]
    end
    expect(more.reject { |_, methods| methods.empty? })
      .to eq("Files" => { "retrieve" => [%w[keyreq id], %w[key parameters]],
                          "content" => [%w[keyreq id], %w[key parameters]] })
  end
end
