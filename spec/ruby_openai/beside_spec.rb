# frozen_string_literal: true

require "tmpdir"
require_relative "support/bundles"

RSpec.describe "The replacement of ruby-openai, beside another gem with an OpenAI::Client" do
  include Bundles

  replacement = "require \"prompt_tracker/native/ruby_openai\"\n"

  # What the second of the two raises, and whether OpenAI is then still the first's.
  def refusal(first, second, bundle: :both)
    output_in(bundle, <<~RUBY)
      #{first}
      client = OpenAI::Client
      methods = client.instance_methods(false).sort
      begin
        #{second}
        puts "nothing was raised"
      rescue LoadError => error
        puts error.message
        puts "unchanged" if OpenAI::Client.equal?(client) && client.instance_methods(false).sort == methods
      end
    RUBY
  end

  it "refuses to be loaded after ruby-openai, and says what to do" do
    said = refusal("require \"openai\"", replacement)
    expect(said).to match(/\Aruby-openai 8\.\S+ is loaded beside .*bundle remove ruby-openai.*replace_openai = false/)
    expect(said).to end_with("unchanged\n")
  end

  %w[openai ruby/openai].each do |feature|
    it "has #{feature} refused after it, also a second time" do
      second = "begin; require #{feature.dump}; rescue LoadError; require #{feature.dump}; end"
      said = refusal(replacement, second)
      expect(said).to match(%r{\Aanother openai gem \(\S+/ruby-openai-8\S+\) is loaded beside .*bundle remove})
      expect(said).to end_with("unchanged\n")
    end
  end

  describe "the official gem" do
    # It needs Ruby 3.2 and is large; these are the first lines of what it defines, in its order.
    around do |example|
      Dir.mktmpdir do |folder|
        @folder = folder
        File.write(File.join(folder, "openai.rb"), <<~RUBY)
          module OpenAI; VERSION = "0.99.0"; end
          module OpenAI; module Internal; class BaseClient; end; end; end
          module OpenAI; class Client < OpenAI::Internal::BaseClient; end; end
        RUBY
        example.run
      end
    end

    let(:official) { "$LOAD_PATH.unshift(#{@folder.dump}); require \"openai\"\n" }

    it "is refused after the replacement" do
      expect(refusal(replacement, official, bundle: :ours)).to match(/\Aanother openai gem \(\S+\) is loaded beside/)
    end

    it "is what the replacement refuses to be loaded after" do
      expect(refusal(official, replacement, bundle: :ours))
        .to match(/\Athe official openai gem 0\.99\.0 is loaded beside.*unchanged\n\z/m)
    end
  end

  it "refuses a client of the app's own, and names its place" do
    said = refusal("module OpenAI; class Client; end; end", replacement, bundle: :ours)
    expect(said).to match(/\Aan OpenAI::Client \(-:1\) is loaded beside/)
  end

  it "refuses a constant of that name that is no module" do
    said = output_in(:ours, "OpenAI = Class.new\nbegin\n#{replacement}rescue LoadError => e\nputs e.message\nend")
    expect(said).to match(/\Aa constant OpenAI that is no module \(-:1\)/)
  end

  it "lives with a namespace of the app's own" do
    said = output_in(:ours, "module OpenAI; Prompts = 1; end\n#{replacement}p OpenAI::Client.superclass, OpenAI::Prompts")
    expect(said).to eq("PromptTracker::Native::Client\n1\n")
  end

  it "never loads by itself where the bundle has such a gem" do
    expect(output_in(:both, <<~RUBY)).to eq("[\"ruby-openai\"]\nfalse\nnil\n")
      require "prompt_tracker/native"
      gems = PromptTracker::Native::OpenaiGems
      p gems.bundled, gems.replace, defined?(OpenAI)
    RUBY
  end

  it "refuses to be loaded where replace_openai is false" do
    said = output_in(:ours, <<~RUBY)
      require "prompt_tracker/native"
      PromptTracker::Native.configure { |c| c.replace_openai = false }
      p PromptTracker::Native::OpenaiGems.replace
      begin
        #{replacement}
      rescue LoadError => error
        puts error.message
      end
    RUBY
    expect(said).to match(/\Afalse\n.*required while replace_openai is false/)
  end

  it "says so where replace_openai is set to false too late" do
    said = output_in(:ours, <<~RUBY)
      require "prompt_tracker/native"
      p PromptTracker::Native::OpenaiGems.replace
      begin
        PromptTracker::Native.configure { |c| c.replace_openai = false }
      rescue ArgumentError => error
        puts error.message
      end
    RUBY
    expect(said).to match(%r{\Atrue\nreplace_openai is false too late: .*config/application\.rb})
  end
end
