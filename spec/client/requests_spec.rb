# frozen_string_literal: true

require "prompt_tracker/native"
require_relative "support/clean_environment"
require_relative "support/recorded_transport"

RSpec.describe PromptTracker::Native::Client, "requests" do
  include_context "with a recorded transport"

  thread = { thread_id: "thread_1" }
  run = { thread_id: "thread_1", run_id: "run_1" }
  [
    [:threads, :create, {}, :post, "/threads", {}],
    [:threads, :create, { parameters: { metadata: { a: "b" } } }, :post, "/threads", { "metadata" => { "a" => "b" } }],
    [:threads, :retrieve, { id: "thread_1" }, :get, "/threads/thread_1", nil],
    [:threads, :modify, { id: "thread_1", parameters: { a: 1 } }, :post, "/threads/thread_1", { "a" => 1 }],
    [:threads, :delete, { id: "thread_1" }, :delete, "/threads/thread_1", nil],
    [:messages, :list, thread, :get, "/threads/thread_1/messages", nil],
    [:messages, :list, { **thread, parameters: { order: "desc", limit: 1 } }, :get,
     "/threads/thread_1/messages?order=desc&limit=1", nil],
    [:messages, :retrieve, { **thread, id: "msg_1" }, :get, "/threads/thread_1/messages/msg_1", nil],
    [:messages, :create, { **thread, parameters: { role: "user", content: "Hi" } }, :post,
     "/threads/thread_1/messages", { "role" => "user", "content" => "Hi" }],
    [:messages, :modify, { **thread, id: "msg_1", parameters: {} }, :post, "/threads/thread_1/messages/msg_1", {}],
    [:messages, :delete, { **thread, id: "msg_1" }, :delete, "/threads/thread_1/messages/msg_1", nil],
    [:runs, :list, thread, :get, "/threads/thread_1/runs", nil],
    [:runs, :retrieve, { **thread, id: "run_1" }, :get, "/threads/thread_1/runs/run_1", nil],
    [:runs, :create, { **thread, parameters: { assistant_id: "asst_1" }, query_parameters: { include: ["a[*].b"] } },
     :post, "/threads/thread_1/runs?include%5B%5D=a%5B%2A%5D.b", { "assistant_id" => "asst_1" }],
    [:runs, :modify, { **thread, id: "run_1" }, :post, "/threads/thread_1/runs/run_1", {}],
    [:runs, :cancel, { **thread, id: "run_1" }, :post, "/threads/thread_1/runs/run_1/cancel", nil],
    [:runs, :create_thread_and_run, { parameters: { assistant_id: "asst_1" } }, :post, "/threads/runs",
     { "assistant_id" => "asst_1" }],
    [:runs, :submit_tool_outputs, { **run, parameters: { tool_outputs: [] } }, :post,
     "/threads/thread_1/runs/run_1/submit_tool_outputs", { "tool_outputs" => [] }],
    [:run_steps, :list, run, :get, "/threads/thread_1/runs/run_1/steps", nil],
    [:run_steps, :retrieve, { **run, id: "step_1", parameters: { include: %w[a b] } }, :get,
     "/threads/thread_1/runs/run_1/steps/step_1?include%5B%5D=a&include%5B%5D=b", nil],
    [:assistants, :list, {}, :get, "/assistants", nil],
    [:assistants, :retrieve, { id: "asst_1" }, :get, "/assistants/asst_1", nil],
    [:assistants, :create, { parameters: { model: "gpt-4o" } }, :post, "/assistants", { "model" => "gpt-4o" }],
    [:assistants, :modify, { id: "asst_1" }, :post, "/assistants/asst_1", {}],
    [:assistants, :delete, { id: "asst_1" }, :delete, "/assistants/asst_1", nil],
    [:models, :list, {}, :get, "/models", nil],
    [:models, :retrieve, { id: "gpt-4o" }, :get, "/models/gpt-4o", nil],
    [:models, :retrieve, { id: "meta/llama:8b" }, :get, "/models/meta%2Fllama%3A8b", nil],
    [:models, :delete, { id: "ft:gpt-4o:team::1" }, :delete, "/models/ft%3Agpt-4o%3Ateam%3A%3A1", nil]
  ].each do |resource, name, arguments, verb, path, body|
    it "sends #{resource}.#{name}(#{arguments}) as #{verb.upcase} #{path}" do
      expect(client.public_send(resource).public_send(name, **arguments)).to eq({})
      expect([sent.verb, sent.path, sent.body && sent.json]).to eq([verb, path, body])
      expect(sent.timeout).to eq(120.0)
    end
  end

  it "sends chat" do
    client.chat(parameters: { model: "gpt-4o", messages: [] })
    expect([sent.verb, sent.path, sent.json])
      .to eq([:post, "/chat/completions", { "model" => "gpt-4o", "messages" => [] }])
  end

  describe "ids" do
    bad = [nil, :thread_1, 5, "", " ", "a b", "a/b", "../assistants", ".", "..", "a?b", "a#b", "a%2Fb", "a\r\nX: 1",
           "a\n", "a\0", "é", "\xFF", "a".encode(Encoding::UTF_16LE)]
    bad.each do |value|
      it "are refused before anything is sent: #{value.inspect}" do
        expect { client.threads.retrieve(id: value) }.to raise_error(ArgumentError, /\Aid must/)
        expect { client.messages.list(thread_id: value) }.to raise_error(ArgumentError, /\Athread_id must/)
        expect { client.run_steps.list(thread_id: "t", run_id: value) }.to raise_error(ArgumentError, /\Arun_id must/)
        expect(RecordedTransport.made).to be_empty
      end
    end

    ["thread_abc123", "1d2c-4f", "a.b~c", "a..b", "a".b].each do |value|
      it "are taken as they are: #{value.inspect}" do
        client.threads.retrieve(id: value)
        expect(sent.path).to eq("/threads/#{value}")
      end
    end

    ["", "a b", "../x", "a/../b", "a/.", "a?b", "a#b", "é", nil].each do |value|
      it "of models are refused: #{value.inspect}" do
        expect { client.models.retrieve(id: value) }.to raise_error(ArgumentError, /\Aid must/)
      end
    end

    it "are not quoted, as one may be a key by mistake" do
      expect { client.threads.retrieve(id: "secret key") }
        .to raise_error(ArgumentError) { |e| expect(e.message).not_to include("secret") }
    end
  end

  describe "parameters" do
    it "become a query, escaped, without those that are nil" do
      client.messages.list(thread_id: "t", parameters: { "after" => "a&b=c d", limit: nil, run_id: "é", x: true })
      expect(sent.path).to eq("/threads/t/messages?after=a%26b%3Dc%20d&run_id=%C3%A9&x=true")
    end

    it "may be nested" do
      client.get(path: "/x", parameters: { metadata: { "a" => [1, 2] } })
      expect(sent.path).to eq("/x?metadata%5Ba%5D%5B%5D=1&metadata%5Ba%5D%5B%5D=2")
    end

    it "must be valid text" do
      expect { client.get(path: "/x", parameters: { a: "\xFF" }) }.to raise_error(ArgumentError)
      expect { client.threads.create(parameters: { a: "\xFF" }) }.to raise_error(ArgumentError)
    end

    it "must be a Hash where they are a body" do
      expect { client.threads.create(parameters: "x") }.to raise_error(ArgumentError, /must be a Hash, not String/)
    end

    it "are not changed" do
      parameters = { stream: ->(_) {}, model: "gpt-4o" }
      expect { client.chat(parameters: parameters) }.not_to(change { parameters.dup })
    end
  end

  describe "Azure" do
    let(:client) do
      described_class.new(access_token: "a", api_type: :azure, api_version: "2024-05-01-preview",
                          uri_base: "https://x.openai.azure.com/openai")
    end

    it "has its version in each query" do
      client.threads.create
      expect(sent.path).to eq("/threads?api-version=2024-05-01-preview")
      client.messages.list(thread_id: "t", parameters: { limit: 1 })
      expect(sent.path).to eq("/threads/t/messages?limit=1&api-version=2024-05-01-preview")
    end
  end

  describe "any path" do
    it "can be asked" do
      client.get(path: "files", parameters: { purpose: "assistants" })
      expect([sent.verb, sent.path]).to eq([:get, "/files?purpose=assistants"])
      client.post(path: "/x")
      expect([sent.verb, sent.path, sent.body]).to eq([:post, "/x", nil])
      client.json_post(path: "/x?a=1", parameters: { b: 2 }, query_parameters: { c: 3 })
      expect([sent.verb, sent.path, sent.json]).to eq([:post, "/x?a=1&c=3", { "b" => 2 }])
      client.delete(path: "/x")
      expect([sent.verb, sent.path]).to eq([:delete, "/x"])
      expect { client.get(path: :x) }.to raise_error(ArgumentError, /path must be a String/)
    end
  end

  describe "answers" do
    {
      "{\"a\":[1]}" => { "a" => [1] }, "[1,2]" => [1, 2], "plain text" => "plain text", "" => "", "<html>" => "<html>"
    }.each do |body, value|
      context "with #{body.inspect}" do
        let(:prepare) { answering(body) }

        it "are #{value.inspect} where any will do" do
          expect(client.get(path: "/x")).to eq(value)
        end

        next if value.is_a?(Hash)

        it "are an error where a resource must give an object" do
          expect { client.threads.create }.to raise_error(PromptTracker::Native::AnswerError, /\APOST .* HTTP 200 and/)
          expect { client.models.list }.to raise_error(PromptTracker::Native::AnswerError, %r{GET /models was})
          expect { client.chat }.to raise_error(PromptTracker::Native::AnswerError)
        end
      end
    end

    context "with nothing to a DELETE" do
      let(:prepare) { answering("", status: 204) }

      it "are an empty Hash" do
        expect(client.threads.delete(id: "thread_1")).to eq({})
      end
    end

    context "with too much, and with keys in it" do
      let(:prepare) do
        answering("key-for-specs sk-abcdefghijkl Bearer abc#{"x" * 160}sk-abcdefghijklmnop#{"y" * 5000}",
                  headers: { "x-request-id" => "req_1" })
      end

      it "are quoted in part, without the keys" do
        expect { client.threads.create }.to raise_error(PromptTracker::Native::AnswerError) { |e|
          quoted = e.message[/: "(.*)" …/m, 1]
          expect(quoted.length).to be <= 200
          expect(e.message).not_to match(/key-for|sk-|Bearer|abc/)
          expect(e).to have_attributes(status: 200, request_id: "req_1")
        }
      end
    end

    context "with bytes that are no text" do
      let(:prepare) { answering("\xFF\xFE nothing") }

      it "can still be quoted" do
        expect { client.threads.create }.to raise_error(PromptTracker::Native::AnswerError, /nothing/)
      end
    end
  end

  describe "errors of the transport" do
    let(:error) { PromptTracker::Native::HTTPError.new("no such thread") }
    let(:prepare) { ->(transport) { transport.answer = error } }

    it "pass through" do
      expect { client.threads.retrieve(id: "thread_1") }.to raise_error(error)
      expect { client.threads.retrieve(id: "thread_1") }.to raise_error(error).and output("").to_stderr
    end

    it "are also written down where that is asked for" do
      client = described_class.new(access_token: "a", log_errors: true)
      expect { client.threads.retrieve(id: "thread_1") }
        .to raise_error(error).and output(/HTTP error: no such thread/).to_stderr
    end
  end
end
