# frozen_string_literal: true

require "optparse"
require_relative "built"

# bin/ask: asks one question, prints the answer as it comes, then what it took. Builds the gem first where needed.
class Ask
  CHAT_MODEL = "gpt-4o-mini"
  LOCAL_ASSISTANT = "asst_local"
  LOCAL_SECONDS = 0.2 # that its answer takes, so that one sees it come

  OK = 0
  FAILED = 1
  WRONG_USAGE = 2
  INTERRUPTED = 130

  def initialize(arguments)
    @arguments = arguments.map { |argument| utf8(argument) }
    @timeout = 60
  end

  # Returns the exit status.
  def run
    parse or return WRONG_USAGE
    return OK if @done

    build
    @prompt == "-" and @prompt = utf8($stdin.binmode.read)
    @key_given ? ask : with_local_server { ask }
    OK
  rescue Interrupt
    trap("INT", "SYSTEM_DEFAULT") # a second Ctrl-C, while this ends, says no more than the first
    INTERRUPTED
  rescue Errno::EPIPE # the reader of our output has seen enough
    $stdout.reopen(File::NULL)
    OK
  rescue StandardError, LoadError => e
    puts if @printed
    raise if @debug

    note(e.message.to_s.lines.map(&:strip).reject(&:empty?).join(" "))
    FAILED
  end

  private

  # false where the arguments can't be used; what is wrong has then been said.
  def parse
    words = options.parse(@arguments)
    return true if @done

    @prompt = words.join(" ")
    return complain("no prompt") if words.empty?
    return complain("--assistant and --model exclude each other") if @assistant && @model
    return complain("--timeout must be more than 0") unless @timeout.positive?

    true
  rescue OptionParser::ParseError => e
    complain(e.message)
  end

  def complain(problem)
    note(problem)
    warn options.help
    false
  end

  def options
    @options ||= OptionParser.new do |o|
      o.banner = <<~TEXT
        Usage: bin/ask [options] PROMPT        (a PROMPT of "-" is read from standard input)

        Asks an assistant and prints its answer as it comes, then usage, thread and run ids.
        With OPENAI_API_KEY set, the question goes to OPENAI_BASE_URL (default: OpenAI); without, to a local server
        that is started for the question.

      TEXT
      o.on("--assistant ID", "the assistant to ask (no key: #{LOCAL_ASSISTANT})") { |id| @assistant = id }
      o.on("--model NAME", "a plain chat with this model (key, no assistant: #{CHAT_MODEL})") { |name| @model = name }
      o.on("--timeout SECONDS", OptionParser::DecimalNumeric, "how long an answer may take (#{@timeout})") do |seconds|
        @timeout = seconds
      end
      o.on("--debug", "show where an error came from") { @debug = true }
      o.on("-h", "--help", "show this") { @done = puts(o.help) || true }
    end
  end

  # Everything is built and nothing has changed: a few looks at files. Else bin/setup does what is missing.
  def build
    run_setup unless Built.current?
    $LOAD_PATH.unshift(*Built.load_path)
    require "prompt_tracker/native"
    @key_given = !ENV["OPENAI_API_KEY"].to_s.strip.empty?
  end

  def run_setup
    setup = -> { system(File.expand_path("../setup", __dir__), "--minimal", "--quiet", in: File::NULL) }
    built = defined?(Bundler) ? Bundler.with_original_env(&setup) : setup.call
    raise "the set-up did not succeed (bin/setup tells more)" unless built

    restart unless Built.current?
  end

  # With Ruby's headers may have come a newer Ruby than the one that is running this.
  def restart
    raise "what bin/setup built is not for this Ruby, #{RUBY_DESCRIPTION}" if ENV["PTN_ASK_RESTARTED"]

    exec({ "PTN_ASK_RESTARTED" => "yes" }, RbConfig.ruby, File.expand_path("../ask", __dir__), *@arguments)
  end

  def with_local_server
    note("no OPENAI_API_KEY: asking the local server")
    PromptTracker::Native::LocalServer.start(delay: LOCAL_SECONDS) do |server|
      ENV["OPENAI_API_KEY"] = "local"
      ENV["OPENAI_BASE_URL"] = server.url
      @assistant ||= LOCAL_ASSISTANT unless @model
      yield
    end
  end

  def ask
    $stdout.sync = true
    if @assistant
      assistant_run
    else
      chat
    end
  end

  def assistant_run
    result = PromptTracker::OpenaiAssistantService.call(assistant_id: @assistant, prompt: @prompt,
                                                        timeout: @timeout) do |delta|
      @printed = true
      print delta
    end
    print result[:text] unless @printed
    raw = result[:raw]
    summary(result, "assistant" => result[:model], "thread" => raw[:thread_id], "run" => raw[:run_id])
  end

  def chat
    unless @model
      @model = CHAT_MODEL
      note("neither --assistant nor --model: a plain chat with #{@model}")
    end
    PromptTracker::Native.configure { |config| config.chat = :native }
    result = PromptTracker::LlmClientService.call(provider: "openai", model: @model, prompt: @prompt, timeout: @timeout)
    print result[:text]
    summary(result, "model" => result[:model])
  end

  def summary(result, facts)
    note("the answer has no text") if result[:text].to_s.empty?
    prompt, completion, total = result[:usage].values_at(:prompt_tokens, :completion_tokens, :total_tokens)
    puts "", ""
    { **facts, "usage" => "#{prompt} prompt + #{completion} completion = #{total} tokens" }.each do |name, value|
      puts "#{name.ljust(10)} #{value}"
    end
  end

  # What a person typed is UTF-8, also where the locale doesn't say so.
  def utf8(text)
    text.encoding == Encoding::UTF_8 ? text : text.dup.force_encoding(Encoding::UTF_8)
  end

  def note(text)
    warn "bin/ask: #{text}"
  end
end
