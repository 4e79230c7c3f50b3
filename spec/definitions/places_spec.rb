# frozen_string_literal: true

require_relative "support/definition_files"

RSpec.describe PromptTracker::Native::Definitions do
  include_context "with definitions"

  def model_of(id) = definitions.find(id)&.model

  it "knows no definition of an unknown id" do
    expect(model_of("asst_none")).to be_nil
    expect([nil, :asst_1, 3, ""].map { |id| model_of(id) }).to all(be_nil)
  end

  describe "config.assistants" do
    it "may have Strings or Symbols as keys, everywhere" do
      settings.assistants = { "asst_1" => { "model" => "one" }, asst_2: { model: "two" } }
      expect(%w[asst_1 asst_2].map { |id| model_of(id) }).to eq(%w[one two])
    end

    it "may be a Hash with indifferent access" do
      indifferent = Class.new(Hash) { def [](key) = super(key.to_s) }
      settings.assistants = indifferent.new.update("asst_1" => indifferent.new.update("model" => "one"))
      expect(model_of("asst_1")).to eq("one")
    end

    it "is copied, so that later changes don't count" do
      given = { asst_1: { model: +"one" } }
      settings.assistants = given
      given[:asst_1][:model] << "!"
      given[:asst_2] = { model: "two" }
      expect([model_of("asst_1"), model_of("asst_2")]).to eq(["one", nil])
    end

    it "counts from the next call on when it is set again" do
      settings.assistants = { asst_1: { model: "one" } }
      expect(model_of("asst_1")).to eq("one")
      settings.assistants = { asst_1: { model: "two" } }
      expect(model_of("asst_1")).to eq("two")
      settings.assistants = nil
      expect(model_of("asst_1")).to be_nil
    end

    it "refuses what is no definition, and ids that can't be ids" do
      expect { settings.assistants = { asst_1: "gpt-4o" } }
        .to raise_error(ArgumentError, /\Aassistants: the definition of asst_1 must be a Hash, not String/)
      expect { settings.assistants = { "../asst_1" => {} } }
        .to raise_error(ArgumentError, %r{\Aassistants: "\.\./asst_1" can't be an assistant's id})
    end

    it "is never shown" do
      settings.assistants = { asst_1: { model: "secret" } }
      expect(settings.inspect).to include("assistants=[hidden]")
    end
  end

  describe "config.assistants as a callable" do
    it "gets the id, and gives a Hash or nil" do
      settings.assistants = ->(id) { { model: "model of #{id}" } if id == "asst_1" }
      expect([model_of("asst_1"), model_of("asst_2")]).to eq(["model of asst_1", nil])
    end

    it "is asked each time, and the definition is kept while the answer is the same" do
      answers = [{ model: "one" }, { model: "one" }, { model: "two" }, nil]
      settings.assistants = ->(_id) { answers.shift }
      found = Array.new(4) { definitions.find("asst_1") }
      expect(found.map { |definition| definition&.model }).to eq(["one", "one", "two", nil])
      expect(found[0]).to be(found[1])
    end

    it "may change the Hash that it gives" do
      fields = { model: +"one" }
      settings.assistants = ->(_id) { fields }
      expect(model_of("asst_1")).to eq("one")
      fields[:model] << "!"
      expect(model_of("asst_1")).to eq("one!")
    end

    it "may be any object with call" do
      settings.assistants = Class.new { def call(id) = { "model" => id } }.new
      expect(model_of("asst_1")).to eq("asst_1")
    end

    it "must not give anything else" do
      settings.assistants = ->(_id) { "gpt-4o" }
      expect { model_of("asst_1") }
        .to definition_error('config.assistants.call("asst_1"): must give a Hash or nil, not String')
    end

    it "may give what can't be copied" do
      fields = Hash.new { |hash, key| hash[key] = nil }.update(model: "gpt-4o")
      settings.assistants = ->(_id) { fields }
      expect(Array.new(2) { model_of("asst_1") }).to all(eq("gpt-4o"))
    end

    it "passes on what it raises" do
      settings.assistants = ->(_id) { raise KeyError, "mine" }
      expect { model_of("asst_1") }.to raise_error(KeyError, "mine")
    end
  end

  describe "files" do
    it "are named by the id" do
      write("asst_f", model: "gpt-4o", instructions: "Be kind.")
      definition = definitions.find("asst_f")
      expect(definition.request).to eq(model: "gpt-4o", instructions: "Be kind.")
      expect(definition.source).to eq(path("asst_f"))
    end

    it "may have ids of any kind" do
      ids = %w[asst_abc 3f0c1a2b-0000-4000-8000-000000000000 my.helper~2]
      ids.each { |id| write(id, model: id) }
      expect(ids.map { |id| model_of(id) }).to eq(ids)
    end

    it "may begin with a byte order mark" do
      write("asst_f", "\uFEFF{\"model\": \"gpt-4o\"}")
      expect(model_of("asst_f")).to eq("gpt-4o")
    end

    it "are in config/assistants of the working directory where nothing else is said" do
      PromptTracker::Native.reset_configuration!
      Dir.chdir(folder) do
        definitions.reload!
        FileUtils.mkdir_p("config/assistants")
        File.write("config/assistants/asst_f.json", '{"model": "gpt-4o"}')
        expect(model_of("asst_f")).to eq("gpt-4o")
      end
    end

    it "are in Rails.root's config/assistants under Rails" do
      stub_const("Rails", Module.new)
      root = File.join(folder, "app")
      Rails.define_singleton_method(:root) { root }
      settings.assistants_path = "config/assistants"
      FileUtils.mkdir_p(File.join(root, "config/assistants"))
      File.write(File.join(root, "config/assistants/asst_f.json"), '{"model": "gpt-4o"}')
      expect(definitions.find("asst_f").source).to eq(File.join(root, "config/assistants/asst_f.json"))
    end

    it "are not looked for where the path is nil" do
      write("asst_f", model: "gpt-4o")
      settings.assistants_path = nil
      expect([model_of("asst_f"), definitions.all]).to eq([nil, []])
      expect(definitions.places("asst_f")).to include("config.assistants_path (not set)")
    end

    it "can't be reached outside the folder by a crafted id" do
      File.write(File.join(File.dirname(folder), "#{File.basename(folder)}.json"), '{"model": "stolen"}')
      ids = ["../#{File.basename(folder)}", "a/../../#{File.basename(folder)}", "/etc/passwd", ".hidden", "..", "a\0b",
             "asst_f\n", "asst f", "asst_é", "C:\\x"]
      expect(ids.map { |id| definitions.find(id) }).to all(be_nil)
      expect(definitions.places(ids.first)).to match(/\ANo definition can have this id: letters, digits/)
    ensure
      FileUtils.rm_f("#{folder}.json")
    end

    {
      "" => /: is empty/, "  \n" => /: is empty/, "[1]" => /: must hold one JSON object, \{…\}, not an Array/,
      "\"gpt-4o\"" => /: must hold one JSON object, \{…\}, not a String/,
      "null" => /: must hold one JSON object, \{…\}, not null/,
      "{\n  \"model\": \"gpt-4o\",\n  \"name\": oops\n}" => /: isn't valid JSON \(line 3: near oops\)/,
      "{\"model\": \"gpt-4o\"" => /: isn't valid JSON \(line 1: it ends too early\)/,
      "{\n\"model\": \"gpt-4o\",\n}" => /: isn't valid JSON \(line 3: near \}\)/,
      "{\"model\":\n\"gpt-4o\"\n\"name\": 1}" => /: isn't valid JSON \(line 3: near "name": 1\}\)/,
      "{\"tools\": [1,\n 2,\n 3 4]}" => /: isn't valid JSON \(line 3: near 4\]\}\)/,
      "#{"[" * 200}#{"]" * 200}" => /: isn't valid JSON \(line 1: /,
      "{\"model\": \"gpt-4o\"} x" => /: isn't valid JSON \(line 1: near x\)/,
      "{\"model\": \"\xff\"}" => /: isn't UTF-8 text/,
      "{}" => /: model is missing/, "{\"id\": \"asst_x\", \"model\": \"gpt-4o\"}" => /: id is "asst_x", not "asst_f"/,
      "{\"model\": \"gpt-4o\", \"tools\": [{\"type\": \"x\"}]}" => /: tools\[0\]\.type is "x"/
    }.each do |content, message|
      it "must be what they are taken for: #{content.inspect}" do
        write("asst_f", content)
        expect { definitions.find("asst_f") }.to definition_error(/\A#{Regexp.escape(path("asst_f"))}#{message.source}/)
      end
    end

    it "must be files, and readable" do
      FileUtils.mkdir(path("asst_f"))
      expect { definitions.find("asst_f") }.to definition_error(/: isn't a file/)
      write("asst_g", model: "gpt-4o")
      allow(File).to receive(:read).with(path("asst_g"), anything).and_raise(Errno::EACCES)
      expect { definitions.find("asst_g") }.to definition_error(/asst_g\.json: can't be read: Permission denied/)
    end
  end

  it "asks config.assistants first, then the files" do
    write("asst_1", model: "file")
    expect(model_of("asst_1")).to eq("file")
    settings.assistants = { asst_1: { model: "setting" } }
    expect(model_of("asst_1")).to eq("setting")
  end

  describe ".all" do
    it "lists each id once, by the place that counts, with what is wrong" do
      settings.assistants = { asst_1: { model: "setting" }, asst_0: {} }
      write("asst_1", model: "file")
      write("asst_2", "{")
      write("my assistant", model: "x")
      File.write(File.join(folder, "README.md"), "Not one.")
      entries = definitions.all
      expect(entries.map(&:id)).to eq(["asst_1", "asst_0", "asst_2", "my assistant"])
      expect(entries.map { |entry| entry.definition&.model }).to eq(["setting", nil, nil, nil])
      expect(entries.map { |entry| entry.error&.message })
        .to match([nil, /model is missing/, /isn't valid JSON/, /the name is no id of an assistant/])
      expect(entries.map(&:source))
        .to eq(['config.assistants["asst_1"]', 'config.assistants["asst_0"]', path("asst_2"), path("my assistant")])
    end

    it "is empty where there is nothing" do
      settings.assistants_path = File.join(folder, "none")
      expect(definitions.all).to eq([])
    end

    it "can't list what a callable knows" do
      settings.assistants = ->(_id) { { model: "gpt-4o" } }
      expect(definitions.all).to eq([])
    end
  end

  describe ".places" do
    it "says where it was looked" do
      expect(definitions.places("asst_x")).to eq("Looked for its definition in config.assistants (not set) and in " \
                                                 "#{path("asst_x")} (no such file).")
      settings.assistants = { asst_1: { model: "gpt-4o" } }
      expect(definitions.places("asst_x")).to include("config.assistants (not there)")
      settings.assistants = ->(_id) {}
      expect(definitions.places("asst_x")).to include("config.assistants (which gave nil)")
    end
  end
end
