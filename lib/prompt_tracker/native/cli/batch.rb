# frozen_string_literal: true

module PromptTracker
  module Native
    class CLI
      # `batch`: asks each prompt of a file, and writes the answers to another.
      #
      # @api private
      class Batch < Command
        USAGE = <<~TEXT
          PROMPTS --out RESULTS [options]

          Asks each prompt of a file, many at a time, and writes each answer to RESULTS as a line of JSON as soon as it is
          there. PROMPTS is JSON lines (a text, or an object with prompt and, as you like, id, assistant_id, thread_id,
          timeout, options) or CSV with such columns. A batch that was stopped, by Ctrl-C or a crash, goes on with
          --resume: no prompt that has its result is asked again. Ends with status 1 where a call failed.

        TEXT
        ARGUMENTS = (1..1)
        SYNC = /\A(?:each|never|\d+(?:\.\d+)?)\z/
        # Those that end a batch in good order.
        SIGNALS = %w[INT TERM].freeze
        private_constant :SYNC, :SIGNALS

        private

        def define(parser)
          @options = { concurrency: 100 }
          @sync = "each"
          parser.on("--out RESULTS", "where the results go (JSON lines)") { |path| @out_path = path }
          parser.on("--assistant ID", "the assistant to ask, where a prompt names none") { |id| @assistant = id }
          parser.on("--model NAME", "ask this model by plain chat instead") { |name| @model = name }
          parser.on("--provider NAME", "of the model (default: openai)") { |name| @provider = name }
          parser.on("--concurrency N", Integer, "calls at once (default: 100)") { |n| @options[:concurrency] = n }
          parser.on("--timeout SECONDS", Float, "for each call (default: 60)") { |s| @options[:timeout] = s }
          parser.on("--format FORMAT", %w[jsonl csv], "of PROMPTS (default: by its name)") { |f| @format = f.to_sym }
          parser.on("--resume", "go on with RESULTS") { @resume = true }
          parser.on("--retry-failed", "with --resume: ask those again whose calls failed") { @retry_failed = true }
          parser.on("--max-failures N", Integer, "stop after so many failed calls (default: never)") { |n| @most = n }
          parser.on("--raw", "write all that the server said") { @raw = true }
          parser.on("--sync WHEN", SYNC, "when lines are forced to the disk: each (default), never, or every so",
                    "many seconds") { |what| @sync = what }
          parser.on("-q", "--quiet", "no progress") { @quiet = true }
        end

        def call(path)
          check_options
          load_app
          results = open_results
          batch = new_batch(path, results)
          go(batch)
        rescue LoadError, Services::LlmClientService::ApiError, Native::Batch::Results::Unusable => e
          raise Failure, e.message
        ensure
          results&.close
        end

        def check_options
          raise UsageError, "where do the results go? --out RESULTS" unless @out_path
          raise UsageError, "--assistant and --model exclude each other" if @assistant && @model
          raise UsageError, "--retry-failed needs --resume" if @retry_failed && !@resume
          raise UsageError, "--max-failures must be at least 1" if @most && @most < 1

          check_values
        end

        def check_values
          raise UsageError, "--assistant is blank" if @assistant&.strip&.empty?
          raise UsageError, "--model is blank" if @model&.strip&.empty?
          raise UsageError, "--concurrency must be from 1 to 10000" unless @options[:concurrency].between?(1, 10_000)
          raise UsageError, "--timeout must be more than 0 seconds" unless @options.fetch(:timeout, 1).positive?
        end

        def open_results
          sync = { "each" => :each, "never" => nil }.fetch(@sync, &:to_f)
          Native::Batch::Results.new(@out_path, resume: @resume, retry_failed: @retry_failed, sync: sync, raw: @raw)
        end

        def new_batch(path, results)
          service = @model ? Services::LlmClientService : Services::OpenaiAssistantService
          prompts = Native::Batch::Prompts.new(path, defaults, format: @format) do |row|
            results.check(row)
            service.new(**row.call) unless @model # which looks at each keyword
          end
          Native::Batch.new(prompts, results, service: service, max_failures: @most, **@options)
        end

        def defaults
          return { provider: @provider || "openai", model: @model } if @model

          { assistant_id: @assistant }.compact
        end

        # Whatever ends it, what there is is said.
        #
        # @return [Integer] the exit status
        def go(batch)
          progress = Native::Batch::Progress.new(@err, batch.tally) unless @quiet
          signal = heeding_signals(batch) { batch.run { |tally| progress&.show(tally) } }
          return 128 + signal if signal

          batch.tally.failed.zero? ? OK : FAILED
        ensure
          progress&.finish(batch.tally)
          puts batch.tally.summary
          note "go on with --resume" if batch.tally.done < batch.tally.total
        end

        # The first Ctrl-C lets the calls in flight end, so that none of them has to be asked again; the second doesn't.
        #
        # @return [Integer, nil] the signal that came
        def heeding_signals(batch)
          came = nil
          before = SIGNALS.to_h do |name|
            handler = lambda do |number|
              raise(name == "INT" ? Interrupt : SignalException, "SIG#{name}") if batch.stopped?

              came = number
              batch.stop
              @err.puts "waiting for #{batch.in_flight} calls in flight; once more ends at once"
            end
            [name, Signal.trap(name, handler)]
          end
          yield
          came
        ensure
          before&.each { |name, handler| Signal.trap(name, handler || "DEFAULT") }
        end
      end
    end
  end
end
