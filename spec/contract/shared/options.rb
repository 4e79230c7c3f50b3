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
      expect(runs_at_server.size).to eq(flow.started(tools: 1))
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
      expect(runs_at_server.size).to eq(flow.started(tools: 2))
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

  describe "thread_id: of a response", :responses_only do
    it "is the response's own id, from which a later call goes on" do
      first = call(prompt: "I live in Berlin.")
      second = call(prompt: "Where do I live?", thread_id: first[:raw][:thread_id])
      expect(first[:raw]).to include(thread_id: first[:raw][:run_id])
      expect(second[:raw]).to include(thread_id: second[:raw][:run_id])
      expect(run_requests.map { |request| request.body["previous_response_id"] }).to eq([nil, first[:raw][:run_id]])
    end

    it "is that of a conversation which is made first, where :new is given" do
      first = call(thread_id: :new)
      second = call(thread_id: first[:raw][:thread_id])
      expect(first[:raw][:thread_id]).to start_with("conv_").and eq(second[:raw][:thread_id])
      expect(request_lines.count("POST /conversations")).to eq(1)
      expect(run_requests.map { |request| request.body["conversation"] }).to eq([first[:raw][:thread_id]] * 2)
    end

    it "is an error where it is a thread of the Assistants API, and nothing is sent" do
      expect { call(thread_id: "thread_abc123") }
        .to raise_error(error, /\AFailed to run assistant: thread_abc123 is a thread .*import_thread/)
      expect(requests).to eq([])
    end

    it "is an error at the server where there is no such response or conversation" do
      expect { call(thread_id: "resp_unknown") }
        .to raise_error(error, /\AFailed to run assistant: Previous response with id 'resp_unknown' not found/)
      expect { call(thread_id: "conv_unknown") }
        .to raise_error(error, /\AFailed to run assistant: Conversation with id 'conv_unknown' not found/)
    end
  end

  describe "a run's parameters on the way to a response", :responses_only do
    it "take the place of the definition's, in the Responses API's words" do
      define_assistant(instructions: "Be long.", temperature: 0.9)
      call(instructions: "Be brief.", additional_instructions: "In Spanish.", temperature: 0.2, top_p: 0.5,
           max_completion_tokens: 100, metadata: { "a" => "b" }, tool_choice: "auto", parallel_tool_calls: false,
           model: "gpt-4o-mini", response_format: { type: "json_object" })
      expect(run_requests.first.body).to include(
        "instructions" => "Be brief.\n\nIn Spanish.", "temperature" => 0.2, "top_p" => 0.5, "max_output_tokens" => 100,
        "metadata" => { "a" => "b" }, "tool_choice" => "auto", "parallel_tool_calls" => false,
        "model" => "gpt-4o-mini", "text" => { "format" => { "type" => "json_object" } }
      )
    end

    it "are an error that names the field where they can't be carried over" do
      expect { call(max_prompt_tokens: 100) }.to raise_error(ArgumentError, /max_prompt_tokens/)
      expect { call(truncation_strategy: { type: "last_messages", last_messages: 2 }) }
        .to raise_error(ArgumentError, /truncation_strategy/)
      expect(requests).to eq([])
    end
  end

  it "refuses keywords that nobody knows, and sends nothing", :common do
    expect { call(temprature: 1) }.to raise_error(ArgumentError, /unknown keyword.*temprature/)
    expect(requests).to eq([])
  end
end
