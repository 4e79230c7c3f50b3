# frozen_string_literal: true

module PromptTracker
  module Native
    module RSpecHelpers
      # For examples with the metadata `:assistant_server`: a {LocalServer} that is as new, and that the environment
      # names. One serves the whole run.
      module ExampleServer
        VARIABLES = %w[OPENAI_BASE_URL].freeze
        private_constant :VARIABLES

        class << self
          # @return [LocalServer] started when it is first asked for
          def instance
            @instance ||= LocalServer.start
          end

          # @return [nil]
          def stop
            @instance&.stop
            @instance = nil
          end
        end

        # @return [LocalServer] to be scripted: `assistant_server.answer("…")`
        def assistant_server = ExampleServer.instance

        # @private
        def point_at_assistant_server
          assistant_server.reset
          @before_assistant_server = [ENV.to_h.slice(*changed), Native.configuration.settings[:base_url]]
          ENV["OPENAI_BASE_URL"] = assistant_server.url
          ENV[Native.api_key_variable] ||= "sk-local"
          Native.configuration.base_url = assistant_server.url if @before_assistant_server.last
          RSpecHelpers.assistants.open_url = assistant_server.url
        end

        # @private
        def leave_assistant_server
          variables, base_url = @before_assistant_server
          changed.each { |name| ENV[name] = variables[name] }
          Native.configuration.base_url = base_url if base_url
        end

        private

        def changed = [*VARIABLES, Native.api_key_variable]
      end
    end
  end
end
