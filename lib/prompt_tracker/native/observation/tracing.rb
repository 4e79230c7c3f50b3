# frozen_string_literal: true

module PromptTracker
  module Native
    module Observation
      # Calls as OpenTelemetry spans, where the app has loaded its API. Names and attributes are those of the semantic
      # conventions for generative AI, version 1.41.0, in which they have the status "development".
      #
      # @api private
      module Tracing
        # Requests that are spans of their own where no service makes them.
        CHAT = %r{/(?:chat/completions|responses)\z}
        HOST = /\A(\[[^\]]+\]|[^:]+)(?::(\d+))?\z/
        # What the conventions call providers, by the names that are used here.
        PROVIDERS = { "azure" => "azure.ai.openai", "azure_openai" => "azure.ai.openai", "mistral" => "mistral_ai",
                      "xai" => "x_ai", "gemini" => "gcp.gemini", "vertexai" => "gcp.vertex_ai",
                      "bedrock" => "aws.bedrock" }.freeze
        AZURE = /\.(?:openai\.azure|azure-api|services\.ai\.azure)\.(?:com|net)\z/
        # Where a thread keeps the context of its batch.
        BATCH = :prompt_tracker_native_batch
        private_constant :BATCH, :CHAT, :HOST, :PROVIDERS, :AZURE

        class << self
          # @return [Boolean]
          def on?
            return false unless defined?(::OpenTelemetry) && ::OpenTelemetry.const_defined?(:Trace, false)

            Native.configuration.open_telemetry
          end

          # Many calls, each in a Fiber of its own, whose spans are children of the one that is current now.
          def batch
            return yield unless on?

            thread = Thread.current
            outer = thread.thread_variable_get(BATCH)
            begin
              thread.thread_variable_set(BATCH, ::OpenTelemetry::Context.current)
              yield
            ensure
              thread.thread_variable_set(BATCH, outer)
            end
          end

          # A call of a service: `invoke_agent`, or `chat MODEL`.
          def call(payload, &work)
            return work.call unless on?

            span(payload[:operation] == :chat ? "chat" : "invoke_agent", payload, work)
          end

          # A request; a span only where it makes a model answer and no service's call is told of already.
          #
          # @param alone [Boolean] no service makes it
          def request(payload, alone:, &work)
            model_call = alone && payload[:method] == :post && payload[:path].match?(CHAT)
            return work.call unless model_call && on?

            span("chat", payload, work)
          end

          # A retry is an event of the span that is current.
          def retry(payload)
            return unless on?

            attributes = { "attempt" => payload[:attempt], "wait" => payload[:wait], "reason" => payload[:reason],
                           "http.response.status_code" => payload[:status], "error.type" => type_of(payload) }
            ::OpenTelemetry::Trace.current_span.add_event("retry", attributes: attributes.compact)
          end

          private

          def span(operation, payload, work)
            tracer = ::OpenTelemetry.tracer_provider.tracer("prompt_tracker-native", VERSION)
            span = tracer.start_span(title(operation, payload), with_parent: parent, kind: :client,
                                                                attributes: known(operation, payload))
            ::OpenTelemetry::Trace.with_span(span) { work.call }
          ensure
            finish(span, operation, payload) if span
          end

          # A new Fiber begins with an empty context.
          def parent
            current = ::OpenTelemetry::Context.current
            return current unless current.equal?(::OpenTelemetry::Context::ROOT)

            Thread.current.thread_variable_get(BATCH)
          end

          def finish(span, operation, payload)
            if span.recording?
              span.name = title(operation, payload)
              span.add_attributes(known(operation, payload).merge(outcome(payload), content(payload)))
              span.status = ::OpenTelemetry::Trace::Status.error(payload[:error]) if payload[:error]
            end
            span.finish
          end

          def title(operation, payload)
            what = operation == "chat" ? payload[:model] : payload[:assistant_name]
            [operation, what].compact.join(" ")
          end

          # What a sampler may go by.
          def known(operation, payload)
            address, port = server(payload)
            { "gen_ai.operation.name" => operation, "gen_ai.provider.name" => provider(payload, address),
              "gen_ai.request.model" => payload[:model], "gen_ai.agent.id" => payload[:assistant_id],
              "gen_ai.agent.name" => payload[:assistant_name], "server.address" => address,
              "server.port" => port }.compact
          end

          def outcome(payload)
            usage = payload[:usage] || {}
            { "gen_ai.response.id" => payload[:response_id] || payload[:run_id],
              "gen_ai.response.model" => payload[:response_model], "gen_ai.conversation.id" => payload[:thread_id],
              "gen_ai.usage.input_tokens" => usage[:prompt_tokens],
              "gen_ai.usage.output_tokens" => usage[:completion_tokens],
              "http.response.status_code" => payload[:status], "error.type" => type_of(payload) }.compact
          end

          # Opt-in, as the conventions have it: JSON texts.
          def content(payload)
            { "gen_ai.input.messages" => messages("user", payload[:prompt]),
              "gen_ai.output.messages" => messages("assistant", payload[:text]) }.compact
          end

          def messages(role, content)
            return if content.nil?

            parts = content.is_a?(String) ? [{ type: "text", content: content }] : content
            JSON.generate([{ role: role, parts: parts }])
          end

          # The server's code, its HTTP status, or the error's class.
          def type_of(payload)
            payload[:error] && (payload[:code] || payload[:status]&.to_s || payload[:error])
          end

          def server(payload)
            match = HOST.match(payload[:host].to_s) or return
            [match[1], match[2]&.to_i || (payload[:scheme] == "http" ? 80 : 443)]
          end

          def provider(payload, address)
            name = payload[:provider]
            return "azure.ai.openai" if address&.match?(AZURE)

            PROVIDERS.fetch(name, name || "openai")
          end
        end
      end
    end
  end
end
