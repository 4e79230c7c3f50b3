# frozen_string_literal: true

require_relative "support/bundles"

# What the replacement has and ruby-openai has not, and what it lacks.
RSpec.describe "OpenAI::Client of the replacement", :server do
  include Bundles

  let(:env) { { "OPENAI_API_KEY" => SharedServer::KEY, "LOCAL_URL" => server.url } }

  def run_with_it(code, **more)
    outcome = run_in(:ours, <<~RUBY, env: { **env, **more })
      require "prompt_tracker/native/ruby_openai"
      KEY = ENV.fetch("OPENAI_API_KEY")
      PromptTracker::Native.configure { |c| c.max_retries = 0 }
      def client(**more) = @client ||= OpenAI::Client.new(access_token: KEY, uri_base: ENV.fetch("LOCAL_URL"), **more)
      def failure
        yield
      rescue StandardError => error
        error
      end
      #{code}
    RUBY
    expect(outcome.status).to be_success, outcome.to_s
    outcome
  end

  def said(...) = run_with_it(...).out

  it "raises Faraday's errors with the readers of the gem's own" do
    server.fails_with(429, headers: { "retry-after" => "0" })
    out = said(<<~RUBY)
      e = failure { client.chat(parameters: { model: "gpt-4o", messages: [], user: KEY }) }
      p e.class, e.status, e.type, e.code, e.retryable?, e.request_id == e.response[:headers]["X-Request-ID"]
      p e.cause.class, e.response[:request][:headers]["Authorization"]
      puts e.message
      copy = Marshal.load(Marshal.dump(failure { client.models.retrieve(id: "none") }))
      p copy.class, copy.status
    RUBY
    expect(out).to start_with(<<~TEXT)
      Faraday::TooManyRequestsError
      429
      "requests"
      "rate_limit_exceeded"
      true
      true
      PromptTracker::Native::HTTPError
      "[REDACTED]"
    TEXT
    expect(out).to match(%r{^the server responded with status 429 for POST http://\S+/v1/chat/completions: Rate limit})
    expect(out).to end_with("Faraday::ResourceNotFound\n404\n")
  end

  it "shows a key in nothing" do
    server.fails_with(401)
    outcome = run_with_it(<<~RUBY)
      OpenAI.configure { |config| config.access_token = KEY; config.extra_headers = { "X-Key" => KEY } }
      e = failure { client(log_errors: true, organization_id: KEY).models.list }
      p e, e.response, e.message, e.full_message, client, OpenAI.configuration, client.models, client.threads, client.files
      puts e.detailed_message if e.respond_to?(:detailed_message)
    RUBY
    expect(outcome.out).to include("Faraday::UnauthorizedError").and include("spotted in prompt_tracker-native")
    expect(outcome.to_s).not_to include(SharedServer::KEY)
  end

  it "raises SSLError where a certificate can't be trusted" do
    skip "openssl is needed to make a certificate" unless system("openssl", "version", out: File::NULL)

    Dir.mktmpdir do |folder|
      cert, key = %w[cert.pem key.pem].map { |name| File.join(folder, name) }
      system("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj",
             "/CN=localhost", "-days", "2", out: File::NULL, err: File::NULL, exception: true)
      PromptTracker::Native::LocalServer.start(tls: { cert: cert, key: key }) do |secure|
        expect(said("p failure { client.models.list }.class", "LOCAL_URL" => secure.url)).to eq("Faraday::SSLError\n")
      end
    end
  end

  it "raises ParsingError where an answer can't be used" do
    server.raw(body: "<p>welcome</p>", headers: { "content-type" => "text/html" })
    expect(said("e = failure { client.threads.create }\np e.class, e.response[:body], e.cause.class"))
      .to eq("Faraday::ParsingError\n\"<p>welcome</p>\"\nPromptTracker::Native::AnswerError\n")
  end

  it "leaves Ruby's own errors as they are" do
    expect(said("p failure { client.threads.retrieve(id: '../x') }.class, failure { client.threads.retrieve }.class"))
      .to eq("ArgumentError\nArgumentError\n")
  end

  it "goes where the gem's settings or the environment say, unless it is told otherwise" do
    said("OpenAI::Client.new.models.list\nclient.models.list", "OPENAI_BASE_URL" => server.url)
    said("PromptTracker::Native.configuration.base_url = ENV.fetch(\"LOCAL_URL\")\nOpenAI::Client.new.models.list")
    expect(request_lines).to eq(["GET /models"] * 3)
    expect(requests.map { |request| request.headers["authorization"] }.uniq).to eq(["Bearer #{SharedServer::KEY}"])
  end

  it "never sends the environment's key to a server that the app names" do
    said("failure { OpenAI::Client.new(uri_base: ENV.fetch(\"LOCAL_URL\")).models.list }")
    said("OpenAI.configuration.uri_base = ENV.fetch(\"LOCAL_URL\")\nfailure { OpenAI::Client.new.models.list }")
    expect(requests.map { |request| request.headers["authorization"] }).to eq([nil, nil])
  end

  it "warns of keywords that it doesn't know, and of a block" do
    outcome = run_with_it("OpenAI::Client.new(access_token: KEY, acces_tokn: 1) { |f| f }")
    expect(outcome.err).to match(/OpenAI::Client\.new has no :acces_tokn; it has :access_token/)
      .and match(/the block given to OpenAI::Client\.new is not called/)
  end

  it "says what to do for what it lacks" do
    names = %w[audio batches finetunes images realtime usage completions embeddings moderations]
    out = said(<<~RUBY)
      %w[#{names.join(" ")}].each do |name|
        client.public_send(name)
      rescue NotImplementedError => error
        puts error.message
      end
    RUBY
    expect(out.lines).to match(names.map { |name| /no `#{name}`: keep the ruby-openai gem.*replace_openai = false/ })
  end

  describe "in the services" do
    it "is their client, with the app's configuration of it" do
      out = said(<<~RUBY)
        OpenAI.configure { |config| config.uri_base = ENV.fetch("LOCAL_URL"); config.organization_id = "org-7" }
        service = PromptTracker::OpenaiAssistantService.new(assistant_id: "asst_1", prompt: "Hi!")
        p service.client.class, service.call[:text].empty?
      RUBY
      expect(out).to eq("OpenAI::Client\nfalse\n")
      expect(requests.map { |request| request.headers["openai-organization"] }.uniq).to eq(["org-7"])
    end

    it "has the gem's own settings where the app has set nothing else" do
      out = said(<<~RUBY)
        PromptTracker::Native.configure do |c|
          c.base_url = ENV.fetch("LOCAL_URL")
          c.extra_headers = { "X-Proxy" => "a" }
          c.request_timeout = 300
          c.organization = "org-own"
        end
        client = lambda { PromptTracker::OpenaiAssistantService.new(assistant_id: "asst_1", prompt: "Hi!").client }
        PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_1", prompt: "Hi!")
        p client.call.request_timeout, OpenAI.configuration.request_timeout
        OpenAI.configure { |config| config.request_timeout = 30; config.extra_headers["X-Team"] = "b" }
        p client.call.request_timeout, client.call.extra_headers, client.call.organization_id
      RUBY
      expect(requests.last.headers).to include("x-proxy" => "a", "openai-organization" => "org-own")
      expect(out.lines).to eq(["300.0\n", "120\n", "30.0\n", "{\"X-Team\"=>\"b\"}\n", "\"org-own\"\n"])
    end

    it "is made anew where its configuration has changed, and else shares its transport" do
      out = said(<<~RUBY)
        made = lambda do
          PromptTracker::OpenaiAssistantService.new(assistant_id: "asst_1", prompt: "Hi!").client
        end
        OpenAI.configure { |config| config.uri_base = ENV.fetch("LOCAL_URL"); config.extra_headers = { "X-Team" => "a" } }
        first, second = made.call, made.call
        p first.equal?(second), first.transport.equal?(second.transport)
        OpenAI.configuration.extra_headers["X-Team"] = "b"
        p made.call.extra_headers, first.extra_headers
        class OpenAI::Client
          def self.new(**given) = super(**given, organization_id: given.keys.join)
        end
        p made.call.organization_id
      RUBY
      expect(out.lines).to eq(["false\n", "true\n", "{\"X-Team\"=>\"b\"}\n", "{\"X-Team\"=>\"a\"}\n",
                               "\"access_token\"\n"])
    end

    it "leaves their errors as they are, in both flows" do
      server.fails_with(400, times: :always)
      out = said(<<~RUBY)
        OpenAI.configure { |config| config.uri_base = ENV.fetch("LOCAL_URL") }
        %i[streaming polling].each do |flow|
          e = failure { PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_1", prompt: "Hi!", flow: flow) }
          puts e.class, e.cause.class, e.status, e.message.sub(/req_\\w+/, "R")
        end
      RUBY
      expect(out).to eq(<<~TEXT)
        PromptTracker::OpenaiAssistantService::AssistantError
        PromptTracker::Native::HTTPError
        400
        Failed to run assistant: The request is not valid. (HTTP 400, request R)
        PromptTracker::OpenaiAssistantService::AssistantError
        PromptTracker::Native::HTTPError
        400
        Failed to create thread: The request is not valid. (HTTP 400, request R)
      TEXT
    end
  end

  # The engine's conversation runner drives the verbs by hand; OpenAI has shut these down.
  describe "with a definition of the assistant" do
    defined = <<~RUBY
      PromptTracker::Native.configure { |c| c.assistants = { "asst_1" => { model: "gpt-4o", instructions: "Hi." } } }
    RUBY

    it "drives the classic verbs on Conversations and Responses" do
      out = said(<<~RUBY)
        #{defined}
        thread = client.threads.create["id"]
        client.messages.create(thread_id: thread, parameters: { role: "user", content: "Hello!" })
        run = client.runs.create(thread_id: thread, parameters: { assistant_id: "asst_1" })
        p thread[/\\A[a-z]+/], client.runs.retrieve(thread_id: thread, id: run["id"])["status"]
        p client.messages.list(thread_id: thread)["data"].size, client.assistants.retrieve(id: "asst_1")["model"]
      RUBY
      expect(out).to eq("\"conv\"\n\"completed\"\n2\n\"gpt-4o\"\n")
    end

    it "raises Faraday's errors for them too, and the gem's own where there is no such request" do
      out = said(<<~RUBY)
        #{defined}
        p failure { client.threads.retrieve(id: "conv_none") }.class
        e = failure { client.runs.retrieve(thread_id: client.threads.create["id"], id: "run_none") }
        p e.class, e.status
        p failure { client.assistants.delete(id: "asst_1") }.is_a?(OpenAI::Error)
      RUBY
      expect(out).to eq("Faraday::ResourceNotFound\nFaraday::ResourceNotFound\n404\ntrue\n")
    end

    it "imports threads, and says with the service's own error what went wrong" do
      out = said(<<~RUBY)
        #{defined}
        service = PromptTracker::OpenaiAssistantService
        p service.import_thread([{ role: "user", content: "Hi!" }], client: client)[/\\A[a-z]+/]
        broken = OpenAI::Client.new(access_token: KEY, uri_base: "http://127.0.0.1:1")
        p failure { service.import_thread([{ role: "user", content: "Hi!" }], client: broken) }.class
      RUBY
      expect(out).to eq("\"conv\"\nPromptTracker::OpenaiAssistantService::AssistantError\n")
    end
  end
end
