# frozen_string_literal: true

require "open3"
require "rbconfig"
require "prompt_tracker/native/cli"
require_relative "support/command_line"
require_relative "support/definition_files"

RSpec.describe PromptTracker::Native::CLI do
  include_context "with definitions"
  include CommandLine

  describe "as a program" do
    program = File.expand_path("../../exe/prompt_tracker-native", __dir__)
    lib = File.expand_path("../../lib", __dir__)

    define_method(:program) do |*arguments, **options|
      Open3.capture3({ "RUBYOPT" => nil }, RbConfig.ruby, "-w", "-I", lib, program, *arguments, **options)
    end

    it "writes a template, checks it, and ends as it should" do
      out, err, status = program("definitions", "new", "asst_1", chdir: folder)
      expect([out.lines.first, err, status.exitstatus]).to eq(["wrote config/assistants/asst_1.json\n", "", 0])
      out, err, status = program("definitions", "check", chdir: folder)
      expect([err, status.exitstatus]).to eq(["", 1])
      expect(out).to include("asst_1  config/assistants/asst_1.json\n  error: model must be a String such as")
    end

    it "explains itself, and what it can't do, without a backtrace" do
      out, err, status = program("--help")
      expect([out.lines.first, err, status.exitstatus])
        .to eq(["Usage: prompt_tracker-native COMMAND [options]\n", "", 0])
      _, err, status = program("definitions", "check", "--frob")
      expect([err.lines.first, status.exitstatus]).to eq(["prompt_tracker-native: invalid option: --frob\n", 2])
      _, err, status = program("definitions", "export", chdir: folder)
      expect([err.lines.size, status.exitstatus]).to eq([1, 1])
    end

    it "loads the app of the folder, which says where definitions are" do
      FileUtils.mkdir_p(File.join(folder, "config"))
      environment = File.join(folder, "config/environment.rb")
      File.write(environment, 'PromptTracker::Native.configure { |c| c.assistants = { asst_app: { model: "m" } } }')
      out, err, status = program("definitions", "check", chdir: folder)
      expect([out.lines.first, err, status.exitstatus]).to eq(["asst_app  config.assistants[\"asst_app\"]\n", "", 0])
      out, = program("definitions", "check", "--no-app", chdir: folder)
      expect(out).to start_with("no definitions found")
      File.write(environment, 'raise "no database"')
      _, err, status = program("definitions", "check", chdir: folder)
      expect([err, status.exitstatus])
        .to eq(["prompt_tracker-native: config/environment.rb can't be loaded: no database (RuntimeError). Try " \
                "bundle exec, or --no-app to do without the app\n", 1])
    end

    it "ends quietly when nobody reads on" do
      write("asst_1", model: "gpt-4o", instructions: "x" * 200_000)
      command = [RbConfig.ruby, "-I", lib, program, "definitions", "check", "--full", "-r", "./settings.rb"]
      File.write(File.join(folder, "settings.rb"), "PromptTracker::Native.configuration.assistants_path = \".\"")
      Open3.popen3({ "RUBYOPT" => nil }, *command, chdir: folder) do |_, output, errors, thread|
        output.close
        expect([errors.read, thread.value.exitstatus]).to eq(["", 0])
      end
    end
  end

  describe "what it can be asked" do
    it "shows help for all commands, a group and each" do
      expect(run("--help")).to eq(0)
      expect(out).to include("definitions new", "definitions check", "definitions export")
      expect(run("definitions", "--help")).to eq(0)
      expect(out).to include("definitions new")
      %w[new check export].each do |name|
        expect(run("definitions", name, "--help")).to eq(0)
        expect(out).to start_with("Usage: prompt_tracker-native definitions #{name}")
      end
    end

    it "tells its version" do
      expect(run("--version")).to eq(0)
      expect(out).to eq("#{PromptTracker::Native::VERSION}\n")
    end

    [[], ["definitions"], %w[definition new], %w[definitions chek], %w[definitions new], %w[definitions new a b],
     %w[definitions new ../a], %w[definitions check --what], %w[definitions export --key-env X]].each do |arguments|
      it "says how it is used, and ends with 2: #{arguments.join(" ")}" do
        expect(run(*arguments)).to eq(2)
        expect([out, err]).to match(["", /Usage: |--help tells how to use it/])
      end
    end

    it "says which file can't be loaded" do
      expect(run("definitions", "check", "-r", "/none/settings.rb")).to eq(1)
      expect(err).to match(%r{\Aprompt_tracker-native: /none/settings\.rb can't be loaded: cannot load such file})
    end
  end

  describe "definitions new" do
    it "writes a template that is ready to be filled in" do
      expect(run("definitions", "new", "asst_1")).to eq(0)
      expect(out).to eq("wrote #{path("asst_1")}\nNow fill in model and instructions, then: prompt_tracker-native " \
                        "definitions check asst_1\n")
      expect(read("asst_1")).to include("id" => "asst_1", "object" => "assistant", "model" => "", "instructions" => "",
                                        "tools" => [], "temperature" => 1.0, "response_format" => "auto")
    end

    it "fills in what it is told" do
      run("definitions", "new", "asst_1", "--model", "gpt-4o", "--name", "Ada", "--instructions", "Be kind.")
      expect(out).to eq("wrote #{path("asst_1")}\n")
      expect(definitions.find("asst_1").request).to eq(model: "gpt-4o", instructions: "Be kind.")
      expect_valid("AssistantObject", definitions.find("asst_1").to_h)
    end

    it "refuses to overwrite" do
      write("asst_1", model: "mine")
      expect(run("definitions", "new", "asst_1")).to eq(1)
      expect(err).to eq("prompt_tracker-native: #{path("asst_1")} is already there, and was left as it is\n")
      expect(read("asst_1")).to eq("model" => "mine")
    end

    it "makes the folder, and says where it can't" do
      expect(run("definitions", "new", "asst_1", "--path", File.join(folder, "a/b"))).to eq(0)
      expect(File).to exist(File.join(folder, "a/b/asst_1.json"))
      File.write(File.join(folder, "file"), "")
      expect(run("definitions", "new", "asst_1", "--path", File.join(folder, "file"))).to eq(1)
      expect(err).to match(/\Aprompt_tracker-native: .*File exists/)
      settings.assistants_path = nil
      expect(run("definitions", "new", "asst_1")).to eq(1)
      expect(err).to include("config.assistants_path is nil: say where with --path FOLDER")
    end
  end

  describe "definitions check" do
    it "shows what each will send" do
      settings.assistants = { asst_1: { model: "gpt-4o", temperature: 0.5 } }
      write("asst_2", model: "gpt-4.1")
      expect(run("definitions", "check")).to eq(0)
      expect(out).to eq(<<~TEXT)
        asst_1  config.assistants["asst_1"]
          sends: {
            "model": "gpt-4o",
            "temperature": 0.5
          }

        asst_2  #{path("asst_2")}
          sends: {
            "model": "gpt-4.1"
          }

        2 definitions, 0 can't be used
      TEXT
      expect(err).to eq("")
    end

    it "says all that is wrong, and ends with 1" do
      write("asst_1", "{")
      write("asst_2", model: "gpt-4o")
      write("asst_3", model: 3)
      expect(run("definitions", "check", "--quiet")).to eq(1)
      expect(out).to match(/\Aasst_1  .*\n  error: isn't valid JSON.*\n\nasst_3  .*\n  error: model must be .*\n\n/)
      expect(out).to end_with("3 definitions, 2 can't be used\n")
    end

    it "says what will be left out, once" do
      write("asst_1", model: "gpt-4o", tools: [{ type: "file_search" }])
      expect { expect(run("definitions", "check")).to eq(0) }.not_to output.to_stderr
      expect(out.scan("file_search) is left out").size).to eq(1)
    end

    it "shortens long texts, unless asked not to" do
      write("asst_1", model: "gpt-4o", instructions: "word " * 1000)
      run("definitions", "check")
      expect(out).to include("… (5000 characters)").and(satisfy { |text| text.size < 1000 })
      run("definitions", "check", "--full")
      expect(out.size).to be > 5000
    end

    it "checks those that are named, which must be there" do
      write("asst_1", model: "gpt-4o")
      write("asst_2", "{")
      expect(run("definitions", "check", "asst_1")).to eq(0)
      expect(run("definitions", "check", "asst_1", "asst_3")).to eq(1)
      expect(out).to include("asst_3\n  error: not found. Looked for its definition in config.assistants (not set) and")
    end

    it "says where it looked in vain, and what can't be listed" do
      settings.assistants = ->(id) { { model: "gpt-4o" } if id == "asst_1" }
      expect(run("definitions", "check")).to eq(0)
      expect(out).to eq("no definitions found, neither in config.assistants nor in #{folder} nor in the engine's " \
                        "records\n")
      expect(err).to include("config.assistants is a callable").and include("name the ids to check")
      expect(run("definitions", "check", "asst_1")).to eq(0)
    end
  end
end
