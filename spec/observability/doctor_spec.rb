# frozen_string_literal: true

require "socket"
require "stringio"
require "prompt_tracker/native/cli"
require_relative "../definitions/support/command_line"

RSpec.describe "PromptTracker::Native.doctor", :server do
  include CommandLine

  let(:printed) { StringIO.new }

  def examine(*arguments, **options)
    PromptTracker::Native.doctor(*arguments, out: printed, timeout: 5, **options)
  end

  def configure(**settings)
    PromptTracker::Native.configure { |c| settings.each { |name, value| c.public_send(:"#{name}=", value) } }
  end

  def at(name, **options) = examine(**options)[name]

  # The port of a server that does with each connection as the block says.
  def server_that
    listening = TCPServer.new("127.0.0.1", 0)
    thread = Thread.new { loop { yield listening.accept } }
    yielded = listening.addr[1]
    @cleanup = -> { [thread.kill, listening.close] }
    yielded
  end

  after { @cleanup&.call }

  it "finds nothing wrong where all is well, and asks the server once" do
    report = examine
    expect(report).to be_ok, printed.string
    expect(report.summary).to eq("all is well")
    expect(report.inspect).to eq("#<PromptTracker::Native::Doctor::Report all is well>")
    expect(requests.map(&:to_s)).to contain_exactly(/GET .*models/)
    expect(printed.string.lines.size).to eq(report.checks.size + 1)
  end

  it "never shows the key" do
    server.fails_with(401, body: { error: { message: "Incorrect API key provided: #{SharedServer::KEY}" } })
    report = examine
    shown = [printed.string, report.to_s, report.inspect, report.to_json].join
    expect(shown).not_to include(SharedServer::KEY[3..])
    expect(report[:key].message).to eq("OPENAI_API_KEY is set (#{SharedServer::KEY.size} characters)")
  end

  it "is data, too" do
    data = JSON.parse(examine(network: false).to_json)
    expect(data).to include("ok" => true, "checks" => all(include("name", "status", "message", "advice")))
    expect(data["checks"].last).to include("name" => "network", "status" => "skipped")
    expect(requests).to be_empty
  end

  describe "the key" do
    { "" => /is blank/, "\"sk-quoted\"" => /stands in quotation marks/, "Bearer sk-1234" => /begins with Bearer/,
      "sk-1 2" => /white space/, "sk-\u2026" => /characters in it that no key has/ }.each do |value, said|
      it "is a problem where it is #{value.inspect}, and is not shown" do
        ENV["OPENAI_API_KEY"] = value
        expect(at(:key, network: false)).to have_attributes(status: :problem, message: said, advice: /sk-…/)
        expect(printed.string).not_to include("1234", "quoted")
      end
    end

    it "is looked for where the configuration says" do
      PromptTracker.configuration.provider_api_key_env_vars = { openai_assistants: "MY_KEY_OF_SPECS" }
      expect(at(:key, network: false)).to have_attributes(status: :problem, message: "MY_KEY_OF_SPECS is not set")
    end

    it "is not needed where the setting says so" do
      ENV.delete("OPENAI_API_KEY")
      configure(require_api_key: false)
      expect(at(:key, network: false)).to have_attributes(status: :ok, message: /no key is needed/)
    end
  end

  describe "the server" do
    it "is one that can be used" do
      ENV["OPENAI_BASE_URL"] = "ftp://host"
      report = examine
      expect(report[:server]).to have_attributes(status: :problem, message: /OPENAI_BASE_URL must be like/)
      expect(report.problems.map(&:name)).to eq([:server])
      expect(report[:network]).to have_attributes(status: :skipped, message: /base URL can't be used/)
    end

    it "is better asked over TLS, unless it is here" do
      expect(at(:server).status).to be(:ok)
      configure(base_url: "http://models.example/v1")
      expect(at(:server, network: false)).to have_attributes(status: :warning, message: /not encrypted/)
    end
  end

  it "tells of the proxy, without its password" do
    configure(base_url: "https://models.example/v1")
    ENV["https_proxy"] = "http://me:hush@proxy.example:3128"
    ENV["no_proxy"] = "localhost"
    expect(at(:proxy, network: false).message).to eq("http://[hidden]@proxy.example:3128; not for localhost")
  end

  it "says that HTTP_PROXY in capitals is not read" do
    ENV["HTTP_PROXY"] = "http://proxy.example:3128"
    expect(at(:proxy, network: false)).to have_attributes(status: :warning, advice: /small letters/)
  end

  it "warns where certificates are not verified, and where their file is missing" do
    allow(Kernel).to receive(:warn)
    configure(base_url: "https://models.example/v1", verify_tls: false)
    expect(at(:certificates, network: false).status).to be(:warning)
    configure(verify_tls: true)
    ENV["SSL_CERT_FILE"] = "/nowhere/ca.pem"
    expect(at(:certificates, network: false)).to have_attributes(status: :problem, message: /SSL_CERT_FILE/)
  end

  describe "which API answers" do
    it "is Assistants where no definition is known, and Responses where one is" do
      expect(at(:wire, network: false).message).to start_with("the Assistants API")
      configure(assistants: { asst_1: { model: "gpt-4o" } })
      report = examine("asst_1", network: false)
      expect(report[:wire].message).to eq("the Responses API: asst_1 has a definition")
      expect(report[:definitions].message).to eq("1: 1 in config.assistants")
    end

    it "is a warning at OpenAI without a definition, and a problem for an assistant by name" do
      configure(base_url: "https://api.openai.com/v1")
      expect(at(:wire, network: false)).to have_attributes(status: :warning, advice: /definitions new/)
      report = examine("asst_9", network: false)
      expect(report.problems.map(&:name)).to eq(%i[wire definitions])
      expect(report[:wire].advice).to include("definitions new asst_9")
    end
  end

  it "names a definition that can't be used" do
    configure(assistants: { asst_1: { model: "gpt-4o" }, asst_2: { instructions: "no model" } })
    expect(at(:definitions, network: false))
      .to have_attributes(status: :problem, message: /\A1 of 2 can't be used: asst_2: .*model/)
  end

  describe "the network" do
    {
      401 => [:problem, /refuses the key/], 403 => [:problem, /may not do this/], 404 => [:ok, nil],
      429 => [:warning, /try again later/], 503 => [:warning, /try again later/], 302 => [:problem, /redirects/]
    }.each do |status, (expected, advice)|
      it "answers #{status}: #{expected}" do
        server.fails_with(status, times: :always)
        expect(at(:network)).to have_attributes(status: expected, advice: advice)
        expect(requests.size).to eq(1)
      end
    end

    it "is refused" do
      port = server_that(&:close)
      @cleanup.call
      configure(base_url: "http://127.0.0.1:#{port}/v1")
      expect(at(:network)).to have_attributes(status: :problem, message: /\Acould not connect: /,
                                              advice: /nothing listens there/)
    end

    it "is silent: it ends when its time is over" do
      sockets = []
      port = server_that { |socket| sockets << socket }
      configure(base_url: "http://127.0.0.1:#{port}/v1")
      expect(at(:network, timeout: 0.2)).to have_attributes(status: :problem, message: /\Athe time given was over/,
                                                            advice: /longer timeout/)
    end

    it "does not speak TLS" do
      port = server_that { |socket| socket.write("HTTP/1.1 400 Bad Request\r\n\r\n").then { socket.close } }
      configure(base_url: "https://127.0.0.1:#{port}/v1")
      expect(at(:network)).to have_attributes(status: :problem, message: /SSL/, advice: /SSL_CERT_FILE/)
    end

    it "has no such name" do
      configure(base_url: "http://no-such-host.invalid/v1")
      expect(at(:network)).to have_attributes(status: :problem, advice: /name server|longer timeout/)
    end

    it "is reached through a proxy that is not there" do
      ENV["http_proxy"] = "http://127.0.0.1:9"
      configure(base_url: "http://models.example/v1")
      expect(at(:network)).to have_attributes(status: :problem, message: /could not connect/,
                                              advice: /check the proxy variables/)
    end
  end

  it "refuses an assistant that is none" do
    [5, "", "asst_1/x", ".."].each do |id|
      expect { examine(id) }.to raise_error(ArgumentError, /assistant_id must be an id such as "asst_abc123"/)
    end
  end

  it "says that requests are answered in the server's place, and makes none" do
    interceptor = Object.new
    def interceptor.classic? = true
    PromptTracker::Native::Interception.add(interceptor)
    report = examine
    expect(report[:specs]).to have_attributes(status: :warning, message: /WebMock/)
    expect(report[:wire].message).to include("by polling")
    expect(report[:network].status).to be(:skipped)
  ensure
    PromptTracker::Native::Interception.remove(interceptor)
  end

  describe "as a command" do
    it "prints the same, and ends with 0 where there is no problem" do
      expect(run("doctor", "--no-app")).to eq(0)
      expect(out).to end_with("all is well\n")
    end

    it "ends with 1 where there is one" do
      server.fails_with(401)
      expect(run("doctor", "--no-app")).to eq(1)
      expect(out).to match(/^problem  network .*\n +-> the server refuses the key/)
    end

    it "prints JSON, and makes no request, where asked" do
      expect(run("doctor", "asst_1", "--json", "--offline", "--no-app")).to eq(0)
      expect(JSON.parse(out)).to include("ok" => true)
      expect(requests).to be_empty
    end

    it "refuses a timeout that is none" do
      expect(run("doctor", "--timeout", "-1", "--no-app")).to eq(1)
      expect(err).to include("timeout must be a number of seconds")
    end
  end
end
