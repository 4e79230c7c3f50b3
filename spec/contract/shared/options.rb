# frozen_string_literal: true

# Threads, tools and a run's parameters.
RSpec.shared_examples "the options of an assistant call" do |flow|
  error = PromptTracker::OpenaiAssistantService::AssistantError

  describe "thread_id:", :assistants_only do
    it "goes on in that thread" do
      first = call(prompt: "What's the weather?")
      second = call(prompt: "And tomorrow?", thread_id: first[:raw][:thread_id])
      expect(second[:raw][:thread_id]).to eq(first[:raw][:thread_id])
      expect(second[:raw][:run_id]).not_to eq(first[:raw][:run_id])
      users = server.instance_variable_get(:@store).conversation(first[:raw][:thread_id]).messages.values
                    .select { |message| message.role == "user" }
      expect(users.map(&:text)).to eq(["What's the weather?", "And tomorrow?"])
    end

    it "makes no thread" do
      id = call[:raw][:thread_id]
      before = requests.size
      call(thread_id: id)
      expect(request_lines.drop(before)).not_to include("POST /threads", "POST /threads/runs")
    end

    it "answers with the message of its own run" do
      server.answer("First.").answer("Second.")
      id = call[:raw][:thread_id]
      expect(call(thread_id: id)[:text]).to eq("Second.")
    end

    [nil, :new].each do |value|
      it "means a new thread where it is #{value.inspect}" do
        ids = Array.new(2) { call(thread_id: value)[:raw][:thread_id] }
        expect(ids.uniq.size).to eq(2)
      end
    end

    it "is an error at the server where there is no such thread" do
      prefix = flow.streams? ? "Failed to run assistant" : "Failed to add message"
      expect { call(thread_id: "thread_unknown") }.to raise_error(error, /\A#{prefix}: /)
    end
  end

  describe "tools:", :common do
    def weather = ->(arguments) { "21 degrees in #{arguments["city"]}" }

    it "answers the assistant's calls" do
      server.calls_tool("get_weather", { city: "Berlin" }, then_answer: ->(out) { "It is #{out["get_weather"]}." })
      expect(call(tools: { "get_weather" => weather })[:text]).to eq("It is 21 degrees in Berlin.")
      expect(runs_at_server.size).to eq(1)
    end

    it "finds handlers by Symbol too, and takes any object that can be called" do
      handler = Class.new { def call(arguments) = arguments.fetch("city").upcase }.new
      server.calls_tool("get_weather", { city: "Berlin" }, then_answer: ->(out) { out["get_weather"] })
      expect(call(tools: { get_weather: handler })[:text]).to eq("BERLIN")
    end

    it "sends as JSON what is no String" do
      server.calls_tool("lookup", {}, then_answer: ->(out) { out["lookup"] })
      text = call(tools: { "lookup" => ->(_) { { celsius: 21, words: ["warm", nil] } } })[:text]
      expect(JSON.parse(text)).to eq("celsius" => 21, "words" => ["warm", nil])
    end

    it "answers several calls at once" do
      server.calls_tools([["get_weather", { city: "Berlin" }], ["get_time", {}]],
                         then_answer: ->(out) { out.sort.flatten.join(" ") })
      text = call(tools: { "get_weather" => weather, "get_time" => ->(_) { "noon" } })[:text]
      expect(text).to eq("get_time noon get_weather 21 degrees in Berlin")
    end

    it "answers calls that follow each other" do
      server.calls_tool("get_weather", { city: "Berlin" }).calls_tool("get_weather", { city: "Rome" }).answer("Done.")
      cities = []
      result = call(tools: { "get_weather" => ->(arguments) { cities << arguments["city"] && "fine" } })
      expect([result[:text], cities]).to eq(["Done.", %w[Berlin Rome]])
      expect(runs_at_server.size).to eq(1)
    end

    it "gives an empty Hash where the call has no arguments" do
      server.calls_tool("lookup", "", then_answer: "Done.")
      given = nil
      call(tools: { "lookup" => ->(arguments) { (given = arguments).to_s } })
      expect(given).to eq({})
    end

    it "says which handler is missing" do
      server.calls_tool("get_weather", { city: "Berlin" })
      expect { call(tools: { "other" => weather }) }.to raise_error(error, /Assistant requires action.*"get_weather"/)
    end

    it "says so where the arguments are not JSON" do
      server.calls_tool("get_weather", "{city: ")
      expect { call(tools: { "get_weather" => weather }) }
        .to raise_error(error, /Assistant requires action.*"get_weather".*not JSON/)
    end

    it "fails with a handler that fails, and keeps its error" do
      server.calls_tool("get_weather", { city: "Berlin" })
      raised = failure_of { call(tools: { "get_weather" => ->(_) { raise KeyError, "no such city" } }) }
      expect(raised).to be_instance_of(error).and have_attributes(run_id: runs_at_server.first.id)
      expect(raised.message).to match(/"get_weather".*no such city/)
      expect(raised.cause).to be_a(KeyError)
    end
  end

  describe "a run's parameters", :assistants_only do
    it "are sent with the run" do
      options = { instructions: "Be brief.", temperature: 0.2, top_p: 0.5, max_completion_tokens: 100,
                  metadata: { "a" => "b" }, tool_choice: "auto", parallel_tool_calls: false, model: "gpt-4o" }
      call(**options)
      expect(run_requests.first.body).to include(options.transform_keys(&:to_s))
    end

    it "are not sent where they were not given" do
      call
      expect(run_requests.first.body.keys - %w[assistant_id thread stream]).to eq([])
    end
  end

  it "refuses keywords that nobody knows, and sends nothing", :common do
    expect { call(temprature: 1) }.to raise_error(ArgumentError, /unknown keyword.*temprature/)
    expect(requests).to eq([])
  end
end
