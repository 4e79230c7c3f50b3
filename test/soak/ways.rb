# frozen_string_literal: true

require "socket"
require "timeout"
require "prompt_tracker/native"

module Soak
  # Every way in which a call can go, each a method that makes some and says how many. What should fail has to.
  module Ways
    Service = PromptTracker::OpenaiAssistantService
    Chat = PromptTracker::LlmClientService

    module_function

    def ask(assistant = "asst_any", **more, &block)
      Service.call(assistant_id: assistant, prompt: "Hello!", **more, &block)
    end

    def fails(*errors)
      yield
      raise "a call that should fail did not"
    rescue *errors
      nil
    end

    def refused(&block) = fails(Service::AssistantError, &block)

    def streamed = 20.times { ask }
    def given_to_a_block = 5.times { ask(&:size) }
    def polled = ask(flow: :polling) && 1
    def by_a_definition = 5.times { ask("asst_defined") }
    def with_tools = ask("asst_tools", tools: { "get_weather" => ->(_) { "sunny" } }) && 1
    def left_by_break = ask { break 1 }

    def standard_chat
      Chat.call(provider: "openai", model: "gpt-4o", prompt: "Hello!")
      1
    end

    def failed
      refused { ask("asst_failing") }
      refused { ask("asst_incomplete") }
      fails(ArgumentError) { ask(prompt: "") }
      refused { ask(temperature: "hot") }
      4
    end

    def timed_out
      refused { ask("asst_slow", timeout: 0.005) }
      fails(Timeout::Error) { Timeout.timeout(0.005) { ask("asst_slow") } }
      2
    end

    def raised_in_a_block
      fails(IndexError) { ask { raise IndexError } }
      1
    end

    def killed
      thread = Thread.new { ask("asst_slow") }
      Thread.pass until thread.stop?
      thread.kill.join
      1
    end

    def in_threads = Array.new(8) { Thread.new { ask } }.each(&:join).size

    def many
      results = Service.call_many(Array.new(50) { { assistant_id: "asst_any", prompt: "Hello!" } }, concurrency: 10)
      raise results.grep(Exception).first if results.grep(Exception).any?

      results.size
    end

    # A server that is gone: the port was free a moment ago.
    def nobody_there
      port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
      client = PromptTracker::Native::Client.new(access_token: "any", uri_base: "http://127.0.0.1:#{port}/v1")
      fails(PromptTracker::Native::ConnectionError) { client.transport.request(:get, "/models", nil, nil, 0.05) }
      1
    end

    def in_a_fork
      pid = fork { exit!(ask[:text] ? 0 : 1) }
      raise "a call in a fork failed" unless Process.wait2(pid)[1].success?

      1
    end
  end
end
