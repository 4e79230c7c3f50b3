# frozen_string_literal: true

require "json"
require_relative "../interception"

module PromptTracker
  module Native
    module RSpecHelpers
      # What one assistant does, call by call. Each `to_…` is what one call comes to; the last one holds for all that
      # follow. All return the stub, so that they can be chained, with `then` between them or without.
      class AssistantStub
        # The usage of a call is what its answer was given: asking for a function adds nothing.
        FREE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }.freeze
        private_constant :FREE

        # @return [String]
        attr_reader :assistant_id

        # @private
        def initialize(assistant_id)
          @assistant_id = assistant_id
          @outcomes = []
          @tools = []
        end

        # It answers.
        #
        # @param text [String, Hash, nil] a Hash becomes JSON; nil: what the block returns
        # @param usage [Hash, nil] prompt_tokens:, completion_tokens:, total_tokens:, the last added up where it is left
        #   out; nil: the server says nothing of it. Default: counted from the texts.
        # @yieldparam prompt [String]
        # @yieldreturn [String, Hash]
        # @return [self]
        def to_answer(text = nil, usage: :counted, &block)
          usage = total(usage)
          outcome { |server| server.answer(text, usage: usage, &block) }
        end

        # It answers with these pieces, each of which a block gets by itself; the text is all of them.
        #
        # @param deltas [Array<String>]
        # @param usage (see #to_answer)
        # @return [self]
        def to_stream(*deltas, usage: :counted)
          usage = total(usage)
          outcome { |server| server.answer(deltas: deltas.flatten, usage: usage) }
        end

        # It fails: the run ends so or, with a status, the server refuses the request that would have started it. That
        # is not repeated, unless `max_retries` has been set: a repetition then comes to the next outcome.
        #
        # @param message [String] what the server says
        # @param code [String, nil] the error's code
        # @param status [Integer, nil] an HTTP status: 429, 500 …
        # @param type [String, nil] with a status: the error's type
        # @param headers [Hash{String => String}] with a status: such as `retry-after`
        # @return [self]
        # @raise [ArgumentError] where the status is none of a refusal
        def to_fail(message = "The server had an error while processing your request.", code: nil, status: nil,
                    type: nil, headers: {})
          return outcome { |server| fail_run(server, message, code) } unless status
          unless status.is_a?(Integer) && status.between?(400, 599)
            raise ArgumentError, "status must be an HTTP status from 400 to 599, such as 429, not #{status.inspect}"
          end

          body = JSON.generate("error" => { "message" => message, "type" => type, "param" => nil, "code" => code })
          refusal = Interception::Answer.new(status: status, body: body,
                                             headers: { "Content-Type" => "application/json", **headers })
          outcome { refusal }
        end

        # The run ends otherwise.
        #
        # @param status [String, Symbol] :cancelled, :expired or :incomplete
        # @param text [String, nil] what it had said until then
        # @param reason [String, nil] of :incomplete
        # @return [self]
        # @raise [ArgumentError] for another status
        def to_end(status, text: nil, reason: nil)
          unless ENDS.include?(status.to_s)
            raise ArgumentError,
                  "a run ends :cancelled, :expired or :incomplete, not #{status.inspect}; see also to_fail"
          end

          outcome { |server| server.ends_with(status, text: text, reason: reason) }
        end

        # The time of the call is over, without anyone waiting for that.
        #
        # @return [self]
        def to_time_out
          late = Interception::Answer.new(status: 0, ending: :deadline, overdue: true)
          outcome { late }
        end

        # It asks for a function's output; what is said next is what it does with that, in the same call. Where nothing
        # is, it answers with a sentence that quotes the output.
        #
        # @param name [String, Symbol]
        # @param arguments [Hash, String] a String is sent as it is, JSON or not
        # @param then_answer [String, nil] the same as `.to_answer(then_answer)` behind it
        # @return [self]
        # @example
        #   stub_assistant("asst_1").to_call_tool("get_weather", { city: "Berlin" }).then.to_answer("It is sunny.")
        def to_call_tool(name, arguments = {}, then_answer: nil)
          @tools << ->(server) { server.calls_tool(name, arguments, usage: FREE) }
          then_answer ? to_answer(then_answer) : self
        end

        # @return [self]
        def then = self

        # @param number [Integer] for how many calls what was said last holds, 1 or more
        # @return [self]
        # @raise [ArgumentError]
        def times(number)
          raise ArgumentError, "times needs something before it, such as to_answer" if @outcomes.empty?
          raise ArgumentError, "times needs a whole number from 1 on" unless number.is_a?(Integer) && number.positive?

          (number - 1).times { @outcomes << @outcomes.last }
          self
        end

        # @private
        # @return [Array<#call>] the steps of the next call; each is given the server
        def take
          outcomes = @tools.empty? ? @outcomes : [*@outcomes, @tools]
          return outcomes.first || [] if outcomes.size <= 1

          @outcomes.shift
        end

        # @private
        def inspect = "#<#{self.class} #{assistant_id}>"

        ENDS = %w[cancelled expired incomplete].freeze
        private_constant :ENDS

        private

        def outcome(&step)
          @outcomes << [*@tools, step]
          @tools = []
          self
        end

        def fail_run(server, message, code)
          server.ends_with("failed", last_error: { code: code || "server_error", message: message })
        end

        def total(usage)
          return usage unless usage.is_a?(Hash)

          usage = { prompt_tokens: 0, completion_tokens: 0, **usage.transform_keys(&:to_sym) }
          { total_tokens: usage[:prompt_tokens] + usage[:completion_tokens], **usage }
        end
      end
    end
  end
end
