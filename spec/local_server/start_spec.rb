# frozen_string_literal: true

require "prompt_tracker/native/local_server"
require "open3"
require "openssl"
require "rbconfig"
require "tmpdir"
require_relative "support"

RSpec.describe PromptTracker::Native::LocalServer, :local_server do
  it "serves as soon as start returns, on a free port, under /v1" do
    expect(server.url).to eq("http://127.0.0.1:#{server.port}/v1")
    expect(get("/models").status).to eq(200)
    expect(server.inspect).to include(server.url)
  end

  it "stops at the end of the block, and returns its value" do
    port = nil
    value = described_class.start do |server|
      port = server.port
      expect(server).to be_running
      :value
    end

    expect(value).to eq(:value)
    expect { TCPSocket.new("127.0.0.1", port).close }.to raise_error(Errno::ECONNREFUSED)
  end

  it "stops also when the block raises" do
    stopped = nil
    expect { described_class.start { |server| (stopped = server) && raise("boom") } }.to raise_error("boom")
    expect(stopped).not_to be_running
  end

  it "can be stopped twice, and has no url then" do
    server.stop
    expect(server.stop).to be_nil
    expect { server.url }.to raise_error(/not running/)
  end

  it "runs many times in one process, side by side, and leaves no thread behind" do
    output, status = run_program(<<~RUBY)
      require "prompt_tracker/native/local_server"
      servers = Array.new(5) { PromptTracker::Native::LocalServer.start }
      abort "one port for two" if servers.map(&:port).uniq.size < 5
      servers.each(&:stop)
      20.times { PromptTracker::Native::LocalServer.start(&:url) }
      500.times { Thread.list.size == 1 ? exit : sleep(0.01) }
      abort Thread.list.inspect
    RUBY
    expect(output).to eq("")
    expect(status).to be_success
  end

  it "names the address when the port is taken" do
    expect { described_class.start(port: server.port) }.to raise_error(Errno::EADDRINUSE, /127\.0\.0\.1:#{server.port}/)
  end

  it "changes neither RACK_ENV nor signal handlers, prints nothing, and needs no gem to load" do
    output, status = run_program(<<~RUBY)
      require "prompt_tracker/native/local_server"
      abort "loaded too much" if defined?(Puma) || defined?(Rack)
      handlers = %w[INT TERM HUP USR1 USR2].to_h { |name| [name, trap(name, "DEFAULT")] }
      server = PromptTracker::Native::LocalServer.start
      handlers.each_key { |name| abort "traps \#{name}" unless trap(name, "DEFAULT") == "DEFAULT" }
      abort "RACK_ENV" if ENV.key?("RACK_ENV")
      server.stop
    RUBY
    expect(output).to eq("")
    expect(status).to be_success
  end

  def run_program(text)
    lib = File.expand_path("../../lib", __dir__)
    env = { "RACK_ENV" => nil, "RUBYOPT" => nil }
    Open3.capture2e(env, RbConfig.ruby, "-w", "-I#{lib}", *gem_paths, "-e", text)
  end

  # So that the program finds the gems that this process uses.
  def gem_paths = $LOAD_PATH.grep(%r{/gems/(puma|nio4r)|extensions/.*/(puma|nio4r)}).map { |path| "-I#{path}" }

  it "says which gem is missing, and what for" do
    allow(described_class::Host).to receive(:require).with("puma").and_raise(LoadError, "cannot load such file -- puma")
    expect { described_class.start }.to raise_error(LoadError, /LocalServer\.start needs the puma gem.*gem "puma"/m)
  end

  it "serves 500 requests on one connection" do
    http { |connection| 500.times { get("/models", on: connection) } }
    expect(server.connections).to eq(1)
    expect(server.requests.size).to eq(500)
  end

  it "keeps the connection after a stream" do
    http do |connection|
      3.times { post("/threads/runs", thread_and_run(stream: true), on: connection) }
    end
    expect(server.connections).to eq(1)
  end

  it "tells connections apart" do
    2.times { get("/models") }
    expect(server.connections).to eq(2)
    expect(server.requests.map(&:connection).uniq.size).to eq(2)
    expect(server.requests.map(&:connection)).to all(be_an(Integer))
  end

  it "sends each event at once" do
    server.answer(deltas: %w[a b c d], delay: 2)
    socket = open_stream("/threads/runs", thread_and_run(stream: true))
    text = +""
    times = ["thread.message.in_progress", %("a"), %("b"), %("c"), %("d"), "[DONE]"].map do |wanted|
      read_until(socket, wanted, text: text)
      now
    end
    gaps = times.each_cons(2).map { |one, other| other - one }

    expect(gaps.first(4)).to all(be > 0.1)
  ensure
    socket&.close
  end

  it "carries 100 streams at a time" do
    server.answer("x", deltas: %w[x], delay: 0.5, times: 100)
    took = seconds do
      sockets = Array.new(100) { open_stream("/threads/runs", thread_and_run(stream: true)) }
      sockets.each { |socket| expect(read_until(socket, "[DONE]")).to include("thread.run.completed") }
      sockets.each(&:close)
    end
    expect(took).to be < 25 # one after the other they would take 50
  end

  it "stops at once in the middle of streams, of waits, and with a client that does not read" do
    server.stays(times: 3)
    server.answer(deltas: ["x" * 12_000_000])
    server.raw(on: "GET /models", delay: 30)
    sockets = Array.new(4) { open_stream("/threads/runs", thread_and_run(stream: true)) }
    sockets.first(3).each { |socket| read_until(socket, "thread.run.in_progress") }
    sockets << get_later("/models")
    sleep 0.1

    expect(seconds { server.stop }).to be_at_once
    expect(sockets.map { |socket| rest(socket) }.join).not_to include("[DONE]")
  ensure
    sockets&.each(&:close)
  end

  # Sends a request and does not wait for the answer.
  def get_later(path)
    socket = TCPSocket.new("127.0.0.1", server.port)
    socket.write("GET /v1#{path} HTTP/1.1\r\nHost: local\r\nAuthorization: Bearer x\r\n\r\n")
    socket
  end

  def rest(socket)
    read_until(socket)
  rescue SystemCallError
    ""
  end

  it "leaves the parent's server alone in a forked child", if: Process.respond_to?(:fork) do
    server
    pid = fork do
      server.stop
      exit!(0)
    end
    Process.wait(pid)
    expect(get("/models").status).to eq(200)
  end

  it "serves HTTPS" do
    Dir.mktmpdir do |dir|
      cert, key = certificate(dir)
      described_class.start(tls: { cert: cert, key: key }) do |server|
        expect(server.url).to start_with("https://")
        options = { use_ssl: true, ca_file: cert }
        Net::HTTP.start("127.0.0.1", server.port, **options) do |http|
          3.times { expect(http.get("/v1/models", LocalServerSupport::HEADERS).code).to eq("200") }
          body = JSON.generate(thread_and_run(stream: true))
          expect(http.post("/v1/threads/runs", body, LocalServerSupport::HEADERS).body).to end_with("data: [DONE]\n\n")
        end
        expect(server.connections).to eq(1)
        expect(server.requests.map(&:connection)).to all(be_an(Integer))
      end
    end
  end

  def certificate(dir)
    key = OpenSSL::PKey::EC.generate("prime256v1")
    cert = OpenSSL::X509::Certificate.new
    cert.version = 2
    cert.serial = 1
    cert.subject = cert.issuer = OpenSSL::X509::Name.parse("/CN=127.0.0.1")
    cert.public_key = key
    cert.not_before = Time.now - 60
    cert.not_after = Time.now + 3600
    factory = OpenSSL::X509::ExtensionFactory.new(cert, cert)
    cert.add_extension(factory.create_extension("basicConstraints", "CA:TRUE", true))
    cert.add_extension(factory.create_extension("subjectAltName", "IP:127.0.0.1"))
    cert.sign(key, "SHA256")
    paths = %w[cert.pem key.pem].map { |name| File.join(dir, name) }
    File.write(paths[0], cert.to_pem)
    File.write(paths[1], key.to_pem)
    paths
  end
end
