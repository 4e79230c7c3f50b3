# frozen_string_literal: true

require "pp"
require_relative "../support/flows"

# The key shows in nothing that a person or a log could see.
RSpec.describe "The key", :server, :child_process do
  key = SharedServer::KEY
  service = PromptTracker::OpenaiAssistantService

  # All that an exception shows, its causes included.
  def shown_by(error)
    all = []
    while error
      all << error.message << error.inspect << error.full_message
      all.concat(%i[body headers code type param request_id].map { |reader| error.public_send(reader).to_s })
      error = error.cause
    end
    all.join("\n")
  end

  it "is in no inspect" do
    made = service.new(assistant_id: "asst_1", prompt: "Hello!")
    made.call
    objects = [made, made.client, made.client.transport, made.client.threads, made.client.runs, made.client.messages,
               PromptTracker::Native.configuration, PromptTracker.configuration,
               PromptTracker::Native.configuration.snapshot]
    objects.each do |object|
      [object.inspect, object.to_s, PP.pp(object, +"")].each { |text| expect(text).not_to include(key) }
    end
  end

  it "is in no inspect of a client with headers that hold one" do
    client = PromptTracker::Native::Client.new(access_token: key, admin_token: key, extra_headers: { "api-key" => key })
    [client, client.transport, client.admin, client.beta(assistants: "v2")].each do |object|
      expect("#{object.inspect} #{object} #{PP.pp(object, +"")}").not_to include(key)
    end
  end

  it "is in no error where it came in a header of another name" do
    names = %w[x-api-key X-Auth-Token Ocp-Apim-Subscription-Key api-key Cookie]
    keys = names.to_h { |name| [name, "very-secret-#{name.downcase}"] }
    server.fails_with(401, body: { error: { message: keys.values.join(" "), code: keys.values.first } },
                           headers: { "x-echo" => keys.values.join(" ") }, times: :always)
    client = PromptTracker::Native::Client.new(access_token: key, extra_headers: keys)
    shown = shown_by(failure_of { client.models.list })
    expect(shown).to include("401")
    keys.each_value { |value| expect(shown).not_to include(value) }
  end

  Flows::OWN.each do |flow|
    describe flow.name do
      include_context "with a flow", flow

      echoes = {
        "the API's own error" => { error: { message: "Incorrect API key provided: #{key}", code: key, type: key } },
        "a plain text" => "bad key #{key}", "HTML" => "<html><title>#{key}</title></html>",
        "other JSON" => { message: "Bearer #{key}" },
        "an echo of the request" => { headers: { Authorization: "Bearer #{key}" } }
      }
      echoes.each do |name, body|
        [401, 500].each do |status|
          it "is in no error where a server's #{status} repeats it in #{name}" do
            allow(Kernel).to receive(:sleep)
            headers = { "x-request-id" => "req_#{key}" }
            server.fails_with(status, on: flow.starting, body: body, headers: headers, times: 9)
            raised = failure_of { call }
            expect(raised.message).to start_with("Failed to run assistant: ")
            expect(shown_by(raised)).not_to include(key)
          end
        end

        it "is in no error where a server's 200 repeats it in #{name}" do
          server.raw(on: flow.starting, body: body)
          raised = failure_of { call }
          expect(shown_by(raised)).not_to include(key)
        end
      end

      it "is in no error of a failed run that repeats it" do
        server.ends_with("failed", last_error: { code: "c", message: "Your key #{key} is no good." })
        raised = failure_of { call }
        expect(raised.message).to start_with("Assistant run failed: Your key")
        expect(raised.full_message).not_to include(key)
      end

      it "is in no error where no connection stands" do
        PromptTracker::Native.configure { |c| c.max_retries = 0 }
        ENV["OPENAI_BASE_URL"] = "http://127.0.0.1:1/v1"
        expect(shown_by(failure_of { call })).not_to include(key)
      end

      it "is in no error where the server redirects" do
        server.quirk(:redirect, to: "http://127.0.0.1:1/?key=#{key}")
        expect(shown_by(failure_of { call })).not_to include(key)
      end

      it "is nowhere in the requests but in its header" do
        call
        requests.each do |request|
          others = request.headers.reject { |name, _| name == "authorization" }
          expect([request.to_s, request.query, request.body, others].inspect).not_to include(key)
        end
      end
    end
  end

  it "is in no error of native chat" do
    PromptTracker::Native.configure { |c| c.chat = :native }
    body = { error: { message: "Incorrect API key provided: #{key}" } }
    server.fails_with(401, body: body, on: "POST /chat/completions")
    raised = failure_of { PromptTracker::LlmClientService.call(provider: "openai", model: "gpt-4o", prompt: "Hello!") }
    expect(shown_by(raised)).not_to include(key)
  end

  it "is in no output of a program that dies of an error, with -d and all warnings" do
    server.fails_with(401, body: { error: { message: "Incorrect API key provided: #{key}" } }, on: "POST /threads/runs")
    outcome = run_child("$DEBUG = true\n$VERBOSE = true\nask")
    expect(outcome.status.exitstatus).to eq(1)
    expect(outcome.err).to include("Incorrect API key provided")
    expect("#{outcome.out}#{outcome.err}").not_to include(key)
  end
end
