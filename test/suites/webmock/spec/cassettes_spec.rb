# frozen_string_literal: true

RSpec.describe "Cassettes", :server do
  let(:server) { $server } # rubocop:disable Style/GlobalVars

  around do |example|
    Dir.mktmpdir do |folder|
      VCR.configuration.cassette_library_dir = folder
      VCR.turned_on { example.run }
    end
  end

  def cassette(record, &block) = VCR.use_cassette("answer", record: record, &block)

  # Records, then plays without a server.
  def twice(&block)
    first = cassette(:all, &block)
    requests = server.requests.size
    expect(requests).to be_positive
    expect(cassette(:none, &block)).to eq(first)
    expect(server.requests.size).to eq(requests)
    YAML.load_file(File.join(VCR.configuration.cassette_library_dir, "answer.yml"))["http_interactions"]
  end

  it "are recorded and played" do
    server.answer("It is sunny. ☀️")
    interactions = twice { ask }
    expect(interactions.map { |one| one["request"]["method"] }).to eq(%w[post post post get get get])
    expect(interactions.first["request"]["headers"]).to include("Openai-Beta" => ["assistants=v2"])
  end

  it "are recorded and played as streams" do
    server.answer("It is sunny. ☀️")
    pieces = []
    interactions = twice { ask(flow: :streaming) { |piece| pieces << piece } }
    expect(pieces.each_slice(pieces.size / 2).to_a.uniq.size).to eq(1)
    expect(interactions.size).to eq(1)
    expect(interactions.first["response"]["headers"]).to include("Content-Type" => [%r{\Atext/event-stream}])
  end

  it "are recorded and played on the Responses wire" do
    configure { |c| (c.api = :responses) && (c.assistants = { "asst_1" => { model: "gpt-4o" } }) }
    expect(twice { ask }.size).to eq(1)
  end

  it "hold each attempt, and play each" do
    server.fails_with(503, on: "POST /threads", headers: { "retry-after-ms" => "1" })
    interactions = twice { ask }
    expect(interactions.map { |one| one["response"]["status"]["code"] }.first(2)).to eq([503, 200])
  end

  it "end a call with the failure that was recorded last" do
    server.fails_with(429, on: "POST /threads", times: :always, headers: { "retry-after-ms" => "1" })
    messages = []
    attempt = -> { ask rescue messages << $!.message } # rubocop:disable Style/RescueModifier, Style/SpecialGlobalVars
    configure { |c| c.max_retries = 0 }
    cassette(:all, &attempt)
    PromptTracker::Native.reset_configuration!
    cassette(:none, &attempt)
    expect(messages.uniq.size).to eq(1)
  end

  it "are all there is: what they don't hold is VCR's own error" do
    cassette(:all) { ask }
    expect { cassette(:none) { ask("Another?") } }.to raise_error(VCR::Errors::UnhandledHTTPRequestError)
  end
end
