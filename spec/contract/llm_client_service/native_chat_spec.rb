# frozen_string_literal: true

# Standard chat without ruby_llm: POST /chat/completions.
RSpec.describe PromptTracker::LlmClientService, "without ruby_llm", :server do
  api_error = described_class::ApiError

  before { PromptTracker::Native.configure { |c| c.chat = :native } }

  def call(provider: "openai", model: "gpt-4o", prompt: "Hello!", **more, &block)
    described_class.call(provider: provider, model: model, prompt: prompt, **more, &block)
  end

  def bodies = requests.map(&:body)

  it "answers in the same shape" do
    server.answer("It is sunny.", usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 })
    result = call
    expect(result.keys).to eq(%i[text usage model raw])
    expect(result).to include(text: "It is sunny.", model: "gpt-4o",
                              usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 })
    expect(result[:raw]).to be_instance_of(Hash).and include("object" => "chat.completion")
    expect(result[:raw].dig("choices", 0, "message", "content")).to eq("It is sunny.")
  end

  it "sends one request with model, message and temperature" do
    call
    expect(request_lines).to eq(["POST /chat/completions"])
    expect(bodies).to eq([{ "model" => "gpt-4o", "messages" => [{ "role" => "user", "content" => "Hello!" }],
                            "temperature" => 0.7 }])
    expect(requests.first.headers).to include("authorization" => "Bearer #{SharedServer::KEY}")
  end

  it "sends further parameters, but never a timeout" do
    call(max_tokens: 100, temperature: nil, top_p: 0.5, timeout: 30)
    expect(bodies.first).to include("max_tokens" => 100, "top_p" => 0.5)
    expect(bodies.first.keys).not_to include("timeout", "temperature")
  end

  it "takes content parts" do
    parts = [{ type: "text", text: "What is this?" }]
    call(prompt: parts)
    expect(bodies.first["messages"]).to eq([{ "role" => "user", "content" => JSON.parse(JSON.generate(parts)) }])
  end

  describe "a model that refuses parameters" do
    it "is asked again with max_completion_tokens" do
      server.answer("It is sunny.", times: :always)
      expect(call(model: "o3-mini", temperature: nil, max_tokens: 50)[:text]).to eq("It is sunny.")
      expect(bodies.map { |body| body.slice("max_tokens", "max_completion_tokens") })
        .to eq([{ "max_tokens" => 50 }, { "max_completion_tokens" => 50 }])
    end

    it "is asked again without temperature" do
      server.answer("It is sunny.", times: :always)
      expect(call(model: "o3-mini")[:text]).to eq("It is sunny.")
      expect(bodies.map { |body| body["temperature"] }).to eq([0.7, nil])
    end

    it "is asked again for each of the two" do
      expect(call(model: "gpt-5", max_tokens: 50)[:text]).to be_a(String)
      expect(bodies.last).to include("max_completion_tokens" => 50)
      expect(bodies.last.keys).not_to include("max_tokens", "temperature")
      expect(bodies.size).to eq(3)
    end

    it "is asked once only where it refuses something else" do
      server.fails_with(400, on: "POST /chat/completions", times: 9,
                             body: { error: { message: "No.", param: "top_p", type: "invalid_request_error" } })
      expect { call(top_p: 9) }.to raise_error(api_error, /No\. \(HTTP 400/)
      expect(requests.size).to eq(1)
    end

    it "is not asked for ever" do
      server.fails_with(400, on: "POST /chat/completions", times: 9,
                             body: { error: { message: "No.", param: "max_tokens", type: "invalid_request_error" } })
      expect { call(max_tokens: 9) }.to raise_error(api_error, /No\./)
      expect(requests.size).to eq(2)
    end
  end

  describe "the key" do
    it "is missed with a MissingApiKeyError" do
      ENV.delete("OPENAI_API_KEY")
      expect { call }.to raise_error(described_class::MissingApiKeyError, "OPENAI_API_KEY environment variable not set")
      expect(requests).to eq([])
    end

    it "is the provider's" do
      PromptTracker.configure { |config| config.provider_api_key_env_vars = { ollama: "OLLAMA_KEY" } }
      ENV["OLLAMA_KEY"] = "sk-of-ollama-000000"
      call(provider: :ollama)
      expect(requests.first.headers["authorization"]).to eq("Bearer sk-of-ollama-000000")
      ENV.delete("OLLAMA_KEY")
      expect { call(provider: :ollama) }
        .to raise_error(described_class::MissingApiKeyError, "OLLAMA_KEY environment variable not set")
    end
  end

  describe "a provider" do
    it "is refused where only ruby_llm could serve it, with the gem's name" do
      expect { call(provider: "anthropic", model: "claude-3-opus") }
        .to raise_error(described_class::UnsupportedProviderError, /"anthropic".*gem "ruby_llm"/)
      expect(requests).to eq([])
    end

    it "is refused where nothing says where it is" do
      ENV.delete("OPENAI_BASE_URL")
      expect { call(provider: "ollama") }
        .to raise_error(described_class::UnsupportedProviderError, /"ollama".*OPENAI_BASE_URL/)
    end

    it "is served where it speaks OpenAI's API at an address of its own" do
      expect(call(provider: "ollama")[:text]).to be_a(String)
    end

    it "may be left out" do
      expect(call(provider: nil)[:text]).to be_a(String)
    end
  end

  it "says which gem is missing where the setting asks for it" do
    hide_const("RubyLLM")
    PromptTracker::Native.configure { |c| c.chat = :ruby_llm }
    expect { call }.to raise_error(described_class::UnsupportedProviderError, /gem "ruby_llm"/)
  end

  describe "a failure" do
    it "is an ApiError with what the server said" do
      server.fails_with(403, on: "POST /chat/completions", headers: { "x-request-id" => "req_7" })
      raised = failure_of { call }
      expect(raised).to be_instance_of(api_error).and have_attributes(
        status: 403, code: "forbidden", request_id: "req_7", retryable?: false,
        message: "Your project does not have access to this resource. (HTTP 403, request req_7)"
      )
      expect(raised.cause).to be_a(PromptTracker::Native::HTTPError)
    end

    it "is one also where an answer has no message" do
      server.raw(on: "POST /chat/completions", body: { "choices" => [] })
      expect { call }.to raise_error(api_error, /no message/)
    end

    it "is one also where the answer's status says so" do
      server.quirk(:failed_200)
      expect { call }.to raise_error(api_error, /The completion failed/)
    end

    it "is one also where the time is over" do
      server.answer("Late.", delay: 5)
      expect { call(timeout: 0.2) }.to raise_error(api_error) { |e| expect(e).to be_retryable }
    end
  end

  describe "with a block" do
    it "yields text as it arrives, and answers in the same shape" do
      usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
      server.answer(deltas: ["It ", "is ", "sunny 🌍."], usage: usage)
      deltas = []
      result = call { |delta| deltas << delta }
      expect(deltas).to eq(["It ", "is ", "sunny 🌍."])
      expect(result).to include(text: "It is sunny 🌍.", model: "gpt-4o", usage: usage)
      expect(result[:raw]).to include("object" => "chat.completion")
      expect(bodies.first).to include("stream" => true, "stream_options" => { "include_usage" => true })
    end

    it "copes with emoji that are cut in two" do
      server.quirk(:lone_surrogates)
      server.answer("Ein 🌍 und 👩‍🚀.")
      deltas = []
      expect(call { |delta| deltas << delta }[:text]).to eq("Ein 🌍 und 👩‍🚀.")
      expect(deltas.join).to eq("Ein 🌍 und 👩‍🚀.")
      expect(deltas).to all(be_valid_encoding)
    end

    it "is an ApiError where the stream breaks" do
      server.breaks_stream(after: 2)
      expect { call { nil } }.to raise_error(api_error)
    end

    it "is an ApiError where the stream carries an error" do
      server.breaks_stream(after: 2, how: :error)
      expect { call { nil } }.to raise_error(api_error, /The server had an error/)
    end
  end

  describe ".call_with_schema" do
    schema = { type: "object", properties: { score: { type: "number" } }, required: ["score"] }

    def call_with_schema(schema, **more)
      described_class.call_with_schema(provider: "openai", model: "gpt-4o", prompt: "Hello!", schema: schema, **more)
    end

    it "asks for a JSON schema, and gives the answer as JSON" do
      server.answer("{ \"score\" : 8.5 }")
      expect(call_with_schema(schema)[:text]).to eq("{\"score\":8.5}")
      expect(bodies.first["response_format"]).to eq(
        "type" => "json_schema",
        "json_schema" => { "name" => "response", "schema" => JSON.parse(JSON.generate(schema)) }
      )
    end

    it "takes a schema with its name" do
      server.answer({ score: 1 })
      call_with_schema({ name: "verdict", strict: true, schema: schema })
      expect(bodies.first.dig("response_format", "json_schema")).to include("name" => "verdict", "strict" => true)
    end

    it "takes a class whose instances answer to_json_schema" do
      server.answer({ score: 1 })
      inner = schema
      klass = Class.new { define_method(:to_json_schema) { { name: "Score", schema: inner } } }
      call_with_schema(klass)
      expect(bodies.first.dig("response_format", "json_schema", "name")).to eq("Score")
    end

    it "is an ApiError where the model answers something else" do
      server.answer("It is sunny.")
      expect { call_with_schema(schema) }.to raise_error(api_error, /did not answer in the JSON/)
    end

    it "needs a schema that is one" do
      expect { call_with_schema(nil) }.to raise_error(ArgumentError, "Schema is required for call_with_schema")
      expect { call_with_schema("object") }.to raise_error(ArgumentError, /schema must be/)
      expect(requests).to eq([])
    end
  end
end
