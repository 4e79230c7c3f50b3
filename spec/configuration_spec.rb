# frozen_string_literal: true

require "logger"

require "json"
require "open3"
require "tempfile"
require "tmpdir"
require "prompt_tracker/native"
require_relative "client/support/clean_environment"

RSpec.describe PromptTracker::Native::Configuration do
  include_context "with a clean environment"

  subject(:configuration) { PromptTracker::Native.configuration }

  it "has the documented defaults" do
    expect(configuration).to have_attributes(
      base_url: "https://api.openai.com/v1", organization: nil, project: nil, flow: nil, connect_timeout: 10.0,
      read_timeout: nil, request_timeout: 120.0, max_retries: 2, retry_ambiguous: false,
      max_body_bytes: 64 * 1024 * 1024, max_upload_bytes: 512 * 1024 * 1024, verify_tls: true,
      extra_headers: {}, poll_interval: 0.1, max_poll_interval: 1.0, ruby_llm_params: true,
      cancel_on_interrupt: false, chat: :auto
    )
  end

  describe "Native.configure" do
    it "yields the configuration and returns it" do
      expect(PromptTracker::Native.configure { |c| c.flow = :polling }).to be(configuration)
      expect(configuration.flow).to be(:polling)
    end

    it "asks for a block" do
      expect { PromptTracker::Native.configure }.to raise_error(ArgumentError, /needs a block/)
    end

    it "is undone by reset_configuration!" do
      configuration.flow = :polling
      expect(PromptTracker::Native.reset_configuration!.flow).to be_nil
    end
  end

  describe "what can be set" do
    usable = {
      base_url: [nil, "http://localhost:4000", "https://gateway.example/openai/v1", "http://[::1]:8080/v1"],
      organization: [nil, "org_1"], project: [nil, "proj_1"], flow: [nil, :streaming, :polling],
      connect_timeout: [0.5, 3], read_timeout: [nil, 20], request_timeout: [nil, 1], max_retries: [0, 5],
      retry_ambiguous: [true, false], rate_limits: [true, false], max_body_bytes: [1, 1 << 40],
      max_upload_bytes: [1, 1 << 40],
      verify_tls: [true], poll_interval: [0.01], max_poll_interval: [5], ruby_llm_params: [false],
      cancel_on_interrupt: [true],
      replace_openai: [:auto, true, false], chat: %i[auto ruby_llm native], api: %i[auto assistants responses],
      assistants: [nil, { asst_1: { model: "gpt-4o" } }, ->(_id) {}], assistants_path: [nil, "config/assistants"],
      store: [true, false], background: [true, false], truncation: [nil, "auto", :disabled],
      include_file_search_results: [true], require_api_key: [false], reload_definitions: [nil, true, false],
      logger: [nil, Logger.new(nil)], log_level: [:debug, "warn"], capture_content: [true], open_telemetry: [false],
      replace_services: [true, false]
    }
    usable.each do |name, values|
      values.each do |value|
        it "takes #{value.inspect} for #{name}" do
          expect { configuration.public_send(:"#{name}=", value) }.not_to raise_error
        end
      end
    end

    unusable = {
      base_url: ["", "localhost:4000", "ftp://host/", "https://", "https://u:p@host/v1", "https://host/v1?x=1",
                 "https://host/#x", "https://host/a b", "https://host\r\nX: 1", :url, "https://höst/"],
      organization: ["", " ", 3], project: ["\n", :proj], flow: [:polled, true, 1], connect_timeout: [0, -1, nil, "3"],
      read_timeout: [0, "", Float::NAN, Float::INFINITY], request_timeout: [0, 1e9, Object.new],
      max_retries: [-1, 1.5, nil, "2"], retry_ambiguous: [nil, "true", 1], max_body_bytes: [0, 1.0, nil],
      max_upload_bytes: [0, "1", nil], rate_limits: [nil, "yes"],
      verify_tls: [nil, 0], extra_headers: [nil, [], { "A b" => "x" }, { "A" => "x\r\nB: y" }, { "A" => "x\0" },
                                            { "" => "x" }, { "A" => Object.new }],
      poll_interval: [0, nil], max_poll_interval: [0, nil], ruby_llm_params: [nil], cancel_on_interrupt: ["no"],
      replace_openai: [nil, "yes"],
      chat: [nil, :langchain], api: [nil, :chat], assistants: ["asst_1", 1], assistants_path: ["", 3], store: [nil],
      background: [1], truncation: [true, "some"], include_file_search_results: [nil], require_api_key: ["no"],
      reload_definitions: ["never"], logger: [$stdout, "log/test.log", true], log_level: [nil, :loud],
      capture_content: [nil], open_telemetry: [1], replace_services: [nil, "no"]
    }
    unusable.each do |name, values|
      values.each do |value|
        it "refuses #{value.inspect} for #{name}, names it and keeps what was set" do
          before = configuration.public_send(name)
          expect { configuration.public_send(:"#{name}=", value) }.to raise_error(ArgumentError, /\A#{name}\b/)
          expect(configuration.public_send(name)).to eq(before)
        end
      end
    end

    it "knows the setting of each example, and no others" do
      expect(described_class.defaults.keys).to match_array(usable.keys + [:extra_headers])
      expect(described_class.defaults.keys).to match_array(unusable.keys)
    end

    it "takes durations, and keeps seconds" do
      duration = Class.new { def to_f = 30.0 }.new
      configuration.request_timeout = duration
      expect(configuration.request_timeout).to eq(30.0)
    end

    it "takes names as Strings" do
      configuration.flow = "polling"
      expect(configuration.flow).to be(:polling)
    end

    it "drops slashes at the end of the base URL" do
      configuration.base_url = "http://localhost:4000/v1//"
      expect(configuration.base_url).to eq("http://localhost:4000/v1")
    end

    it "keeps headers as frozen Strings of its own, without those that are nil" do
      value = +"search"
      configuration.extra_headers = { "X-Team": value, "X-Depth" => 3, "X-None" => nil }
      value << "!"
      expect(configuration.extra_headers).to eq("X-Team" => "search", "X-Depth" => "3").and be_frozen
    end

    it "never quotes what may hold a password" do
      expect { configuration.base_url = "https://user:secret@host/" }
        .to raise_error(ArgumentError) { |e| expect(e.message).not_to include("secret") }
      expect { configuration.extra_headers = { "Authorization" => "secret\n" } }
        .to raise_error(ArgumentError, /Authorization/) { |e| expect(e.message).not_to include("secret") }
    end
  end

  describe "the environment" do
    it "gives the base URL, organization and project at call time" do
      expect(configuration.base_url).to eq("https://api.openai.com/v1")
      ENV["OPENAI_BASE_URL"] = "http://localhost:4000/v1/\n"
      ENV["OPENAI_ORG_ID"] = "org_1"
      ENV["OPENAI_PROJECT_ID"] = "proj_1"
      expect(configuration).to have_attributes(base_url: "http://localhost:4000/v1", organization: "org_1",
                                               project: "proj_1")
    end

    it "gives way to what is set" do
      ENV["OPENAI_BASE_URL"] = "http://localhost:4000/v1"
      ENV["OPENAI_ORG_ID"] = "org_1"
      configuration.base_url = "http://localhost:5000/v1"
      configuration.organization = "org_2"
      expect(configuration).to have_attributes(base_url: "http://localhost:5000/v1", organization: "org_2")
    end

    it "takes a blank variable as unset" do
      ENV["OPENAI_BASE_URL"] = " "
      ENV["OPENAI_ORG_ID"] = ""
      ENV["SSL_CERT_FILE"] = ""
      ENV["SSL_CERT_DIR"] = " "
      ENV["https_proxy"] = ""
      expect(configuration).to have_attributes(base_url: "https://api.openai.com/v1", organization: nil, ca_file: nil,
                                               ca_path: nil)
      expect(configuration.proxy_for("https://api.openai.com/v1")).to eq("")
    end

    it "names OPENAI_BASE_URL where that can't be used, without quoting it" do
      ENV["OPENAI_BASE_URL"] = "https://user:secret@host/v1"
      expect { configuration.base_url }.to raise_error(PromptTracker::Native::ConfigurationError) { |e|
        expect(e.message).to start_with("OPENAI_BASE_URL must be")
        expect(e.message).not_to include("secret")
      }
    end

    # Specs of apps stub it for the key alone.
    it "is read without ENV[]" do
      allow(ENV).to receive(:[]).with("OPENAI_API_KEY").and_return("test-key")
      allow(ENV).to receive(:fetch).with("OPENAI_API_KEY").and_return("test-key")
      expect(configuration.snapshot.transport_options("https://api.openai.com/v1")).to include(proxy: "")
    end
  end

  describe "proxies" do
    {
      "https://api.openai.com" => {
        {} => "", { "https_proxy" => "http://a", "HTTPS_PROXY" => "http://b" } => "http://a",
        { "HTTPS_PROXY" => "http://b", "all_proxy" => "http://c" } => "http://b",
        { "https_proxy" => "", "HTTPS_PROXY" => "http://b" } => "http://b",
        { "all_proxy" => "http://c", "ALL_PROXY" => "http://d" } => "http://c", { "ALL_PROXY" => "http://d" } => "http://d",
        { "http_proxy" => "http://e" } => ""
      },
      "HTTP://localhost:4000" => {
        { "http_proxy" => "http://e", "all_proxy" => "http://c" } => "http://e", { "HTTP_PROXY" => "http://f" } => "",
        { "https_proxy" => "http://a" } => "", { "ALL_PROXY" => "http://d" } => "http://d"
      }
    }.each do |url, cases|
      cases.each do |variables, proxy|
        it "takes #{proxy.inspect} for #{url} from #{variables}" do
          ENV.update(variables)
          expect(configuration.proxy_for(url)).to eq(proxy)
        end
      end
    end

    it "gives no_proxy before NO_PROXY" do
      expect(configuration.no_proxy).to eq("")
      ENV["NO_PROXY"] = "b.example"
      expect(configuration.no_proxy).to eq("b.example")
      ENV["no_proxy"] = "a.example,localhost"
      expect(configuration.no_proxy).to eq("a.example,localhost")
    end
  end

  describe "trusted certificates" do
    it "come from SSL_CERT_FILE and SSL_CERT_DIR" do
      Tempfile.create("ca") do |file|
        ENV["SSL_CERT_FILE"] = file.path
        ENV["SSL_CERT_DIR"] = "/no/such/folder:#{Dir.tmpdir}"
        expect(configuration).to have_attributes(ca_file: file.path, ca_path: "/no/such/folder:#{Dir.tmpdir}")
      end
    end

    it "are an error that names the variable and the path where they are missing" do
      ENV["SSL_CERT_FILE"] = "/no/such/file.pem"
      expect { configuration.ca_file }
        .to raise_error(PromptTracker::Native::ConfigurationError, %r{SSL_CERT_FILE.*/no/such/file\.pem})
      ENV["SSL_CERT_DIR"] = "/no/such/folder"
      expect { configuration.ca_path }
        .to raise_error(PromptTracker::Native::ConfigurationError, %r{SSL_CERT_DIR.*/no/such/folder})
    end

    it "are always checked, with one warning where that is turned off" do
      expect { configuration.verify_tls = false }.to output(/WARNING: verify_tls is false/).to_stderr
      expect { configuration.verify_tls = false }.not_to output.to_stderr
      expect { configuration.verify_tls = true }.not_to output.to_stderr
    end
  end

  describe "#snapshot" do
    it "is the same object until a setting or a variable changes" do
      first = configuration.snapshot
      expect(configuration.snapshot).to be(first).and be_frozen
      configuration.max_retries = 0
      second = configuration.snapshot
      expect(second).not_to be(first)
      ENV["no_proxy"] = "localhost"
      expect(configuration.snapshot).not_to be(second)
      expect(first[:max_retries]).to eq(2)
      expect(first.no_proxy).to eq("")
    end

    it "gives the transport's keywords" do
      ENV["https_proxy"] = "http://proxy:3128"
      configuration.read_timeout = 20
      expect(configuration.snapshot.transport_options("https://host/v1")).to eq(
        ca_file: nil, ca_path: nil, verify: true, proxy: "http://proxy:3128", no_proxy: "", connect_timeout: 10.0,
        read_timeout: 20.0, max_body: 64 << 20, max_retries: 2, retry_ambiguous: false, rate_limits: true
      )
    end
  end

  describe "#inspect" do
    it "shows what was changed, without secrets" do
      configuration.base_url = "http://localhost:4000"
      configuration.extra_headers = { "Authorization" => "Bearer secret" }
      configuration.organization = "org_secret"
      expect(configuration.inspect).to include("base_url=\"http://localhost:4000\"", "extra_headers=[hidden]")
      expect("#{configuration} #{configuration.inspect}").not_to include("secret")
    end
  end
end

RSpec.describe PromptTracker::Native::HostConfiguration do
  include_context "with a clean environment"

  let(:host) { Module.new.extend(described_class) }

  it "has what the gem reads" do
    expect(host.configuration.available_models).to eq({})
    expect(host.configuration.provider_api_key_env_vars).to eq(openai_assistants: "OPENAI_API_KEY")
  end

  it "can be configured" do
    host.configure { |config| config.available_models = { openai: ["gpt-4o"] } }
    expect(host.configuration.available_models).to eq(openai: ["gpt-4o"])
    expect { host.configuration.available_models = [] }.to raise_error(ArgumentError, /available_models must be a Hash/)
    expect { host.configuration.provider_api_key_env_vars = nil }.to raise_error(ArgumentError, /must be a Hash/)
  end

  it "is what PromptTracker has by itself" do
    expect(PromptTracker.singleton_class).to include(described_class)
    expect(PromptTracker.const_defined?(:Configuration, false)).to be(false)
  end

  it "gives way to methods that the engine defines, before or after" do
    engine = Module.new do
      def self.configuration = (@configuration ||= :engine)
      def self.configure = yield(configuration)
    end
    engine.extend(described_class)
    expect { |b| engine.configure(&b) }.to yield_with_args(:engine)

    host.configuration
    host.define_singleton_method(:configuration) { @configuration ||= :engine }
    expect(host.configuration).to be(:engine)
    expect { |b| host.configure(&b) }.to yield_with_args(:engine)
  end

  describe "the API key" do
    def with_host(configuration)
      allow(PromptTracker).to receive(:configuration).and_return(configuration)
    end

    it "is read now from OPENAI_API_KEY by default" do
      expect(PromptTracker::Native.api_key).to be_nil
      ENV["OPENAI_API_KEY"] = " key-1\n"
      expect(PromptTracker::Native.api_key).to eq("key-1")
      ENV["OPENAI_API_KEY"] = " "
      expect(PromptTracker::Native.api_key).to be_nil
    end

    it "is read by ENV[], which specs of an app stub" do
      allow(ENV).to receive(:[]).with("OPENAI_API_KEY").and_return("test-key")
      expect(PromptTracker::Native.api_key).to eq("test-key")
    end

    settings = Struct.new(:provider_api_key_env_vars)
    {
      settings.new({ openai_assistants: "MY_KEY" }) => "MY_KEY",
      settings.new({ "openai_assistants" => "MY_KEY" }) => "MY_KEY",
      settings.new({ openai_assistants: :MY_KEY }) => "MY_KEY",
      settings.new({ openai_assistants: "" }) => "OPENAI_API_KEY",
      settings.new({ openai_assistants: nil }) => "OPENAI_API_KEY",
      settings.new({ openai_assistants: "CONFIGURED" }) => "OPENAI_API_KEY",
      settings.new({ openai: "OTHER" }) => "OPENAI_API_KEY",
      settings.new({}) => "OPENAI_API_KEY",
      settings.new(nil) => "OPENAI_API_KEY",
      Object.new => "OPENAI_API_KEY",
      nil => "OPENAI_API_KEY"
    }.each_with_index do |(configuration, variable), index|
      it "is in #{variable} by the engine's configuration number #{index}" do
        with_host(configuration)
        expect(PromptTracker::Native.api_key_variable).to eq(variable)
      end
    end

    it "can be another provider's" do
      with_host(settings.new({ openai: "OTHER" }))
      ENV["OTHER"] = "key-2"
      expect(PromptTracker::Native.api_key_variable(:openai)).to eq("OTHER")
      expect(PromptTracker::Native.api_key("openai")).to eq("key-2")
    end
  end
end

RSpec.describe "require \"prompt_tracker/native\"" do
  it "brings in no library for URLs, HTTP or TLS, and no warning" do
    libraries = %w[uri net/http openssl cgi rack socket]
    code = <<~RUBY
      require "prompt_tracker/native"
      puts(#{libraries}.select { |name| $LOADED_FEATURES.any? { |path| path.end_with?("/\#{name}.rb") } })
    RUBY
    load_path = $LOAD_PATH.flat_map { |path| ["-I", path] }
    out, err, status = Open3.capture3({ "RUBYOPT" => nil, "RUBYLIB" => nil },
                                      RbConfig.ruby, "--disable-gems", "-w", *load_path, "-e", code)
    expect([out, err, status.success?]).to eq(["", "", true])
  end
end
