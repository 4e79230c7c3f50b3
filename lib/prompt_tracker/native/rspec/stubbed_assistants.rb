# frozen_string_literal: true

require "monitor"
require_relative "api_call"
require_relative "assistant_stub"
require_relative "memory_server"

module PromptTracker
  module Native
    module RSpecHelpers
      # An assistant was asked that the example does not stub, although it stubs others. No StandardError, so that no
      # rescue in the app hides it.
      class UnstubbedAssistantError < Exception # rubocop:disable Lint/InheritException
      end

      # One question to an assistant.
      #
      # @private
      Question = Struct.new(:assistant_id, :content) do
        # @return [String] its text, without what else it holds
        def text
          return content.to_s unless content.is_a?(Array)

          content.filter_map { |part| part["text"] }.map { |text| text.is_a?(Hash) ? text["value"] : text }.join("\n")
        end
      end

      # The assistants of one example: sees every request of the gem, and answers for those that are stubbed.
      #
      # @private
      class StubbedAssistants
        # What the key is in examples that have none.
        KEY = "sk-stubbed"
        # What may wait for outputs: a run or, on the Responses wire, a function call.
        WAITING = /"(?:call_)?id":\s*"((?:run|call)_[^"]+)"/
        private_constant :KEY, :WAITING

        # @return [String, nil] URLs that begin so are let through, also past WebMock
        attr_accessor :open_url

        def initialize
          @monitor = Monitor.new
          forget
        end

        def begin
          forget
          Interception.add(self, first: true)
        end

        def end
          Interception.remove(self)
          ENV.delete(@key_variable) if @key_variable && ENV[@key_variable] == KEY
          forget
        end

        # @return [AssistantStub]
        def stub(assistant_id)
          unless assistant_id.is_a?(String) && !assistant_id.strip.empty?
            raise ArgumentError, "stub_assistant needs an assistant's id, such as \"asst_1\""
          end

          give_key
          @monitor.synchronize { @stubs[assistant_id] = AssistantStub.new(assistant_id) }
        end

        # @return [Array<Question>] all so far, in the order in which they were asked
        def questions = @monitor.synchronize { @questions.dup }

        def answer(request)
          call = ApiCall.of(request)
          @monitor.synchronize do
            assistant_id = note(call) if call
            next Interception::PASS if open_url && request.url.start_with?(open_url)

            serve(call, assistant_id) if call && @stubs.any?
          end
        end

        def observe(_request, _answer); end

        def repeats?(_request) = Native.configuration.given?(:max_retries)

        def refusal?(error) = error.is_a?(UnstubbedAssistantError)

        def classic? = false

        private

        def forget
          @stubs = {}
          @questions = []
          @messages = {} # the user's last, by thread
          @steps = {} # what is still to come in a call, by what waits for outputs
          @server = nil
          @open_url = nil
          @key_variable = nil
        end

        # Calls look for a key before anything else.
        def give_key
          return if Native.api_key

          @key_variable = Native.api_key_variable
          ENV[@key_variable] = KEY
        end

        # @return [String, nil] which assistant is asked
        def note(call)
          thread, content = call.message
          @messages[thread] = content if thread
          return unless call.asks?

          assistant_id = call.assistant_id(@stubs.keys) or return
          content = @messages.delete(call.thread_id) || call.content
          @questions << Question.new(assistant_id, content)
          assistant_id
        end

        def serve(call, assistant_id)
          if assistant_id then play(call, stub_of(assistant_id).take)
          elsif call.outputs? then play(call, @steps.values_at(*call.outputs).compact.first || [])
          elsif !call.asks? then server.serve(call)
          end
        end

        def play(call, steps)
          step, *later = steps
          answer = nil
          served = server.serve(call) { |server| answer = step&.call(server) }
          return answer if answer.is_a?(Interception::Answer)

          served.body.scan(WAITING) { |(id)| @steps[id] = later }
          served
        end

        def stub_of(assistant_id)
          @stubs.fetch(assistant_id) do
            raise UnstubbedAssistantError, "#{assistant_id} was asked, and this example stubs only " \
                                           "#{@stubs.keys.join(", ")}. To stub it too:\n\n" \
                                           "  stub_assistant(#{assistant_id.inspect}).to_answer(\"…\")\n"
          end
        end

        def server = @server ||= MemoryServer.new
      end
    end
  end
end
