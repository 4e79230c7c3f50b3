# frozen_string_literal: true

require "tmpdir"
require_relative "support/classic"

# docs/classic_verbs.md has the rule.
RSpec.describe PromptTracker::Native::Client, "choosing the API of the classic verbs", :server, :classic do
  def configure(**settings)
    PromptTracker::Native.configure { |c| settings.each { |name, value| c.public_send(:"#{name}=", value) } }
  end

  assistants = { Classic::ASSISTANT => Classic::DEFINITION }

  describe "a new thread" do
    it "is of the Assistants API where no assistant is defined" do
      expect(client.threads.create["id"]).to start_with("thread_")
    end

    it "is a conversation where one is" do
      configure(assistants: assistants)
      expect(client.threads.create["id"]).to start_with("conv_")
    end

    it "is a conversation where a callable could define one" do
      configure(assistants: ->(_id) {})
      expect(client.threads.create["id"]).to start_with("conv_")
    end

    it "is a conversation as soon as there is a file" do
      Dir.mktmpdir do |folder|
        configure(assistants_path: folder)
        expect(client.threads.create["id"]).to start_with("thread_")
        File.write(File.join(folder, "#{Classic::ASSISTANT}.json"), JSON.generate(Classic::DEFINITION))
        2.times { expect(client.threads.create["id"]).to start_with("conv_") }
      end
    end

    it "is what the setting says" do
      configure(api: :responses)
      expect(client.threads.create["id"]).to start_with("conv_")
      configure(api: :assistants, assistants: assistants)
      expect(client.threads.create["id"]).to start_with("thread_")
    end
  end

  describe "a thread" do
    let(:thread) { client.threads.create["id"] }

    it "stays where it was made" do
      expect(thread).to start_with("thread_")
      configure(assistants: assistants)
      client.messages.create(thread_id: thread, parameters: { role: "user", content: "Hello!" })
      run = client.runs.create(thread_id: thread, parameters: { assistant_id: Classic::ASSISTANT })
      expect(run["id"]).to start_with("run_")
      expect(lines.grep(%r{/(conversations|responses)})).to be_empty
    end

    it "is a conversation by its id" do
      configure(assistants: assistants)
      thread
      configure(assistants: nil)
      expect(client.threads.retrieve(id: thread)["id"]).to eq(thread)
      expect(client.messages.list(thread_id: thread)["data"]).to eq([])
    end

    it "is never a conversation where the setting says so" do
      configure(api: :assistants)
      expect { client.threads.retrieve(id: "conv_1") }.to raise_error(PromptTracker::Native::HTTPError)
      expect(lines).to eq(["GET /threads/{}"])
    end

    it "may have an id that doesn't say" do
      server.quirk(:uuid_ids)
      configure(assistants: assistants)
      thread
      configure(assistants: nil) # what this process made a conversation, it knows to be one
      expect(client.threads.retrieve(id: thread)["object"]).to eq("thread")
      in_another_process
      expect { client.threads.retrieve(id: thread) }.to raise_error(PromptTracker::Native::HTTPError)
      configure(assistants: assistants)
      expect(client.threads.retrieve(id: thread)["id"]).to eq(thread)
      expect(server.requests.map { |request| request.path[%r{/v1/\w+}] })
        .to eq(%w[/v1/conversations /v1/conversations /v1/threads /v1/conversations])
    end
  end

  describe "a run" do
    it "with a thread of its own goes where its assistant is" do
      configure(assistants: assistants)
      parameters = { thread: { messages: [{ role: "user", content: "Hello!" }] } }
      known = client.runs.create_thread_and_run(parameters: { **parameters, assistant_id: Classic::ASSISTANT })
      other = client.runs.create_thread_and_run(parameters: { **parameters, assistant_id: "asst_other" })
      expect([known, other].map { |run| run["thread_id"][/\A[a-z]+/] }).to eq(%w[conv thread])
    end

    it "in a conversation needs a definition" do
      configure(api: :responses)
      thread = client.threads.create["id"]
      expect { client.runs.create(thread_id: thread, parameters: { assistant_id: "asst_x" }) }
        .to raise_error(PromptTracker::Native::ConfigurationError, /no definition of asst_x.*Looked for.*:assistants/m)
    end
  end

  describe "an assistant" do
    before { configure(assistants: assistants) }

    it "is the definition where there is one, and the server's else" do
      client.assistants.retrieve(id: Classic::ASSISTANT)
      expect(lines).to be_empty
      client.assistants.retrieve(id: "asst_other")
      expect(lines).to eq(["GET /assistants/asst_other"])
    end

    it "is made at the server unless only definitions count" do
      expect(client.assistants.create(parameters: { model: "gpt-4o" })["id"]).to start_with("asst_")
    end
  end

  it "leaves a service that has chosen the Assistants API alone" do
    configure(assistants: assistants)
    result = PromptTracker::OpenaiAssistantService.call(assistant_id: "asst_other", prompt: "Hello!", flow: :polling)
    expect(result[:raw][:thread_id]).to start_with("thread_")
  end

  describe "after the shutdown, at OpenAI" do
    def gone(**more)
      server.quirk(:after_shutdown)
      allow(PromptTracker::Native::Shutdown).to receive(:hosts?).and_return(true)
      failure_of { yield(**more) }
    end

    it "says what happened to threads" do
      error = gone { client.threads.retrieve(id: "thread_1") }
      expect(error).to be_a(PromptTracker::Native::HTTPError).and have_attributes(status: 404)
      expect(error.message).to match(/Invalid URL.*shut the Assistants API down on 2026-08-26.*import_thread/m)
    end

    it "says where a definition was looked for" do
      error = gone { client.runs.create(thread_id: "thread_1", parameters: { assistant_id: "asst_x" }) }
      expect(error.message).to match(/shut the Assistants API down.*asst_x.*Looked for its definition/m)
    end

    it "goes on when a definition is there, with no change in the program" do
      program = lambda do
        thread = client.threads.create["id"]
        client.messages.create(thread_id: thread, parameters: { role: "user", content: "Hello!" })
        run = poll(client.runs.create(thread_id: thread, parameters: { assistant_id: Classic::ASSISTANT }))
        [run["status"], texts(messages(thread)).first]
      end
      server.answer("Good morning.", times: 2)
      expect(program.call).to eq(["completed", "Good morning."])
      expect(gone { program.call }).to be_a(PromptTracker::Native::HTTPError)
      configure(assistants: assistants)
      expect(program.call).to eq(["completed", "Good morning."])
    end

    it "says no more than the server elsewhere" do
      error = failure_of { client.threads.retrieve(id: "thread_1") }
      expect(error.message).not_to include("shut")
    end
  end

  describe "the thread of a call that made none" do
    before { configure(assistants: assistants) }

    let(:result) do
      server.answer("It is sunny.")
      PromptTracker::OpenaiAssistantService.call(assistant_id: Classic::ASSISTANT, prompt: "Weather?")
    end

    it "can be read" do
      thread, run = result[:raw].values_at(:thread_id, :run_id)
      expect(thread).to eq(run)
      expect(texts(messages(thread))).to eq(["It is sunny.", "Weather?"])
      expect(texts(messages(thread, order: "asc", limit: 1))).to eq(["Weather?"])
      first = messages(thread, limit: 1)[0]
      expect(texts(messages(thread, after: first["id"]))).to eq(["Weather?"])
      expect(client.messages.retrieve(thread_id: thread, id: first["id"])["id"]).to eq(first["id"])
      expect(client.runs.retrieve(thread_id: thread, id: run)["status"]).to eq("completed")
      expect(client.run_steps.list(thread_id: thread, run_id: run)["data"].size).to eq(1)
    end

    it "can't be written to" do
      thread = result[:raw][:thread_id]
      [-> { client.messages.create(thread_id: thread, parameters: { role: "user", content: "x" }) },
       -> { client.threads.retrieve(id: thread) }, -> { client.threads.delete(id: thread) },
       -> { start(thread) }].each do |verb|
        expect { verb.call }.to raise_error(PromptTracker::Native::UnsupportedError, /one response, not a thread/)
      end
    end
  end
end
