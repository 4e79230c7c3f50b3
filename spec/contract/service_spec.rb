# frozen_string_literal: true

# PromptTracker::OpenaiAssistantService as a class: how it is made, what it shows of itself, and the key it uses.
RSpec.describe PromptTracker::OpenaiAssistantService, :server do
  error = described_class::AssistantError

  describe ".new" do
    it "keeps what it was given" do
      prompt = "Hello!"
      service = described_class.new(assistant_id: "asst_abc123", prompt: prompt, timeout: 30)
      expect(service).to have_attributes(assistant_id: "asst_abc123", prompt: prompt, timeout: 30)
      expect(service.prompt).to be(prompt)
    end

    it "waits 60 seconds by default" do
      expect(described_class.new(assistant_id: "asst_1", prompt: "Hello!").timeout).to eq(60)
    end

    it "makes the client, and sends nothing" do
      service = described_class.new(assistant_id: "asst_1", prompt: "Hello!")
      expect(service.client).to be_a(PromptTracker::Native::Client).and respond_to(:threads, :messages, :runs)
      expect(service.client).to be(service.client)
      expect(requests).to eq([])
    end

    it "makes a service that can be called again" do
      service = described_class.new(assistant_id: "asst_1", prompt: "Hello!")
      ids = Array.new(2) { service.call[:raw][:run_id] }
      expect(ids.uniq.size).to eq(2)
    end

    it "wants an assistant and a prompt" do
      expect { described_class.new(prompt: "Hello!") }.to raise_error(ArgumentError, /missing keyword: :assistant_id/)
      expect { described_class.new(assistant_id: "a") }.to raise_error(ArgumentError, /missing keyword: :prompt/)
    end
  end

  describe ".call" do
    it "is the same as new and call" do
      service = instance_double(described_class, call: { text: "It is sunny." })
      allow(described_class).to receive(:new).and_return(service)
      expect(ask(timeout: 5, thread_id: "thread_1")).to eq(text: "It is sunny.")
      expect(described_class).to have_received(:new)
        .with(assistant_id: "asst_1", prompt: "Hello!", timeout: 5, thread_id: "thread_1")
    end

    it "passes its block on" do
      server.answer(deltas: ["It is ", "sunny."])
      expect { |block| ask(&block) }.to yield_successive_args("It is ", "sunny.")
    end

    it "makes an instance of a subclass" do
      subclass = Class.new(described_class) { def call = self.class }
      expect(subclass.call(assistant_id: "a", prompt: "b")).to be(subclass)
    end
  end

  describe "its signatures" do
    keywords = [%i[keyreq assistant_id], %i[keyreq prompt], %i[key timeout], %i[keyrest more]]

    it "show the keywords" do
      expect(described_class.method(:call).parameters).to eq([*keywords, %i[block block]])
      expect(described_class.instance_method(:initialize).parameters).to eq(keywords)
      expect(described_class.instance_method(:call).arity).to eq(0)
    end

    it "hold for verifying doubles" do
      allow(described_class).to receive(:call).and_return({ text: "stubbed" })
      expect(described_class.call(assistant_id: "a", prompt: "b", timeout: 5)[:text]).to eq("stubbed")
      expect { described_class.call("a", "b") }.to raise_error(ArgumentError)
      expect { described_class.call(prompt: "b") }.to raise_error(ArgumentError, /assistant_id/)
    end

    it "hold for class doubles and instance doubles" do
      stand_in = class_double(described_class, call: { text: "stubbed" })
      expect(stand_in.call(assistant_id: "a", prompt: "b")[:text]).to eq("stubbed")
      expect { stand_in.call(assistant: "a", prompt: "b") }.to raise_error(ArgumentError)
      expect { class_double(described_class, ask: 1) }.to raise_error(/does not implement/)
      instance = instance_double(described_class, call: {}, assistant_id: "a", prompt: "b", timeout: 1, client: nil)
      expect(instance.assistant_id).to eq("a")
    end

    it "keep their helpers private" do
      own = described_class.public_instance_methods(false)
      expect(own).to match_array(%i[assistant_id prompt timeout client call inspect])
      expect(described_class.private_instance_methods(false)).to include(:build_client)
      expect(described_class.singleton_methods(false)).to eq([:call])
    end
  end

  describe "AssistantError" do
    it "is an ApiError, which is a StandardError" do
      expect(error.superclass).to be(PromptTracker::LlmClientService::ApiError)
      expect(error.superclass.superclass).to be(StandardError)
    end

    it "can be raised and made by others too" do
      expect { raise error, "mine" }.to raise_error(error, "mine")
      expect(error.new("mine")).to have_attributes(
        message: "mine", status: nil, code: nil, type: nil, request_id: nil, thread_id: nil, run_id: nil,
        retryable?: false
      )
    end
  end

  describe "the key" do
    [nil, "", " ", "\n\t"].each do |value|
      it "is missed by new where the variable is #{value.inspect}" do
        ENV["OPENAI_API_KEY"] = value
        expect { described_class.new(assistant_id: "asst_1", prompt: "Hello!") }
          .to raise_error(error, "OPENAI_API_KEY environment variable not set")
        expect(requests).to eq([])
      end
    end

    it "is missed under the name that was looked up" do
      PromptTracker.configure { |config| config.provider_api_key_env_vars = { openai_assistants: "MY_OPENAI_KEY" } }
      expect { ask }.to raise_error(error, "MY_OPENAI_KEY environment variable not set")
    end

    it "is looked up at each call" do
      ask
      ENV["OPENAI_API_KEY"] = "sk-another-key-000000"
      ask
      keys = requests.map { |request| request.headers["authorization"] }
      expect(keys).to eq(["Bearer #{SharedServer::KEY}", "Bearer sk-another-key-000000"])
    end

    it "is trimmed" do
      ENV["OPENAI_API_KEY"] = "  sk-with-a-newline-at-its-end\n"
      ask
      expect(requests.first.headers["authorization"]).to eq("Bearer sk-with-a-newline-at-its-end")
    end

    it "may be stubbed as specs stub it: ENV[] and nothing else" do
      ENV.delete("OPENAI_API_KEY")
      allow(ENV).to receive(:[]).with("OPENAI_API_KEY").and_return("sk-stubbed-00000000")
      ask
      expect(requests.first.headers["authorization"]).to eq("Bearer sk-stubbed-00000000")
    end
  end

  describe "timeout:" do
    it "may be an Integer" do
      server.stays
      expect { ask(timeout: 1) }.to raise_error(error, "Assistant run timed out after 1 seconds")
    end

    it "bounds also the wait for the first byte" do
      server.raw(on: "POST /threads/runs", delay: 20)
      took = seconds { expect { ask(timeout: 0.2) }.to raise_error(error, "Assistant run timed out after 0.2 seconds") }
      expect(took).to be_at_once
    end

    it "bounds all requests of the polling flow together" do
      server.answer("Late.", polls: 1000)
      took = seconds do
        expect { ask(timeout: 0.3, flow: :polling) }.to raise_error(error, "Assistant run timed out after 0.3 seconds")
      end
      expect(took).to be_at_once
    end

    it "bounds the waits between attempts" do
      server.fails_with(503, on: "POST /threads/runs", headers: { "retry-after" => "20" }, times: 3)
      took = seconds { expect { ask(timeout: 0.3) }.to raise_error(error, /\AFailed to run assistant: /) }
      expect(took).to be_at_once
    end

    it "is no error where the answer comes in time" do
      server.answer("In time.", delay: 0.1)
      expect(ask(timeout: 5)[:text]).to eq("In time.")
    end
  end

  describe "flow:" do
    it "is the setting's where it is not given" do
      PromptTracker::Native.configure { |c| c.flow = :polling }
      ask
      expect(request_lines.first).to eq("POST /threads")
    end

    it "is the call's where both are given" do
      PromptTracker::Native.configure { |c| c.flow = :polling }
      ask(flow: :streaming)
      expect(request_lines).to eq(["POST /threads/runs"])
    end

    it "must be one of the two" do
      expect { ask(flow: :fast) }.to raise_error(ArgumentError, /flow must be :streaming or :polling, not :fast/)
    end
  end

  it "polls with waits that grow from 0.1 to 1 second" do
    service = described_class.new(assistant_id: "asst_1", prompt: "Hello!", flow: :polling)
    waits = []
    allow(service).to receive(:sleep) { |wait| waits << wait }
    server.answer("Done.", polls: 12)
    service.call
    expect(waits).to include(be_within(0.001).of(0.1)).and include(be_within(0.001).of(1.0))
    expect(waits).to eq(waits.sort)
    expect(waits).to all(be_between(0.1, 1.0))
  end
end
