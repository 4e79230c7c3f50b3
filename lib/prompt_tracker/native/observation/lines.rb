# frozen_string_literal: true

module PromptTracker
  module Native
    module Observation
      # Payloads as lines for people.
      #
      # @api private
      module Lines
        # Members of bodies whose texts say nothing of what was asked or answered.
        PLAIN = %w[id object type status model role assistant_id thread_id run_id response_id conversation call_id
                   previous_response_id code param finish_reason service_tier truncation reasoning_effort].freeze
        ID = /\A[\w.:-]{1,200}\z/
        # The most characters of a body that a line has.
        MOST = 4000
        private_constant :PLAIN, :ID, :MOST

        class << self
          # @return [String]
          def call(payload)
            who = payload[:assistant_id] || [payload[:provider], payload[:model]].compact.join(" ")
            join("#{who} #{ended(payload)} #{ms(payload)}", failure(payload),
                 of_call(payload), content(payload))
          end

          # @return [String]
          def request(payload, body, answer)
            ended = payload[:status] ? "#{payload[:status]} in" : ended(payload)
            line = join("#{target(payload)} #{ended} #{ms(payload)}",
                        payload[:attempts] && count(payload[:attempts], "attempt"), failure(payload), ids(payload))
            line += " sent #{redacted(parsed(body))}" if body
            line += " got #{redacted(answer)}" if answer
            line
          end

          # @return [String]
          def retry(payload)
            join(format("%<what>s failed, attempt %<attempt>d: %<reason>s; again in %<wait>.2f s",
                        what: target(payload), attempt: payload[:attempt], reason: payload[:reason],
                        wait: payload[:wait]), payload[:status] && "HTTP #{payload[:status]}", ids(payload))
          end

          # A body's JSON in which each text that could say something has become its length.
          #
          # @return [String]
          def redacted(value)
            value = hidden(value) unless Native.configuration.capture_content
            text = JSON.generate(value)
            text.size > MOST ? "#{text[0, MOST]}… (#{text.size} characters)" : text
          rescue JSON::GeneratorError
            "[not JSON]"
          end

          private

          def join(*parts)
            parts.flatten.compact.join(", ")
          end

          def ms(payload)
            format("%.0f ms", payload[:duration] || 0)
          end

          def ended(payload)
            return "abandoned after" if payload[:abandoned]

            payload[:error] ? "failed after" : "answered in"
          end

          def target(payload)
            "#{payload[:method].to_s.upcase} #{payload[:host]}#{payload[:path]}"
          end

          def failure(payload)
            return unless payload[:error]

            [payload[:error], payload[:status] && "HTTP #{payload[:status]}", payload[:code]]
          end

          def of_call(payload)
            usage = payload[:usage]
            tokens = usage && "#{usage[:prompt_tokens]}+#{usage[:completion_tokens]} tokens"
            [payload[:run_status], payload[:response_model] || payload[:model], tokens,
             count(payload[:requests], "request"), again(payload), ids(payload)]
          end

          def again(payload)
            repeated = payload[:attempts] - payload[:requests]
            count(repeated, "retry") if repeated.positive?
          end

          def count(number, what)
            "#{number} #{number == 1 ? what : what.sub(/y\z/, "ie").concat("s")}"
          end

          def ids(payload)
            %i[thread_id run_id request_id].map { |name| payload[name] && "#{name}=#{payload[name]}" }.compact
          end

          def content(payload)
            %i[prompt text].map { |name| payload[name] && "#{name}=#{JSON.generate(payload[name])}" }.compact
          end

          def parsed(body)
            JSON.parse(body)
          rescue JSON::ParserError, EncodingError
            body
          end

          def hidden(value, key = nil)
            case value
            when Hash then value.to_h { |name, inner| [name, hidden(inner, name)] }
            when Array then value.map { |inner| hidden(inner, key) }
            when String then PLAIN.include?(key) && value.match?(ID) ? value : "[#{value.size} characters]"
            else value
            end
          end
        end
      end
    end
  end
end
