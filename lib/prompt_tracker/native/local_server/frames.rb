# frozen_string_literal: true

require "json"
require_relative "presenter"
require_relative "surrogates"

module PromptTracker
  module Native
    class LocalServer
      # The text of server-sent events: one event in, one or more frames out.
      # @private
      class Frames
        DONE = "[DONE]"
        DELTAS = %w[thread.message.delta chat.completion.chunk].freeze
        LAST_EVENTS = %w[thread.run.completed thread.run.incomplete thread.run.failed thread.run.cancelled
                         thread.run.expired thread.run.requires_action response.completed response.incomplete
                         response.failed response.cancelled].freeze
        ERROR = { "code" => nil, "message" => "The server had an error while processing your request.",
                  "param" => nil, "type" => "server_error" }.freeze

        def initialize(quirks)
          @quirks = quirks
          @presenter = Presenter.new(quirks)
          @newline = on?(:crlf) ? "\r\n" : "\n"
          @colon = on?(:no_space) ? ":" : ": "
          @count = 0
        end

        # Yields what comes before the first event.
        def opening
          yield "\uFEFF" if on?(:bom)
          yield ": connected#{@newline}retry#{@colon}3000#{@newline}#{@newline}" if on?(:comments)
        end

        # @param name [String, nil] the event line's name; nil for none (chat)
        # @param data [Hash, String]
        # @yieldparam frame [String]
        def each(name, data, &block)
          if data == DONE
            yield frame(name, DONE) unless on?(:no_done)
            return
          end
          note(name, data)
          if on?(:duplicate_events) && @number
            2.times { one(name, data, &block) }
          elsif on?(:lone_surrogates) && DELTAS.include?(data["object"])
            halved(data).each { |half| one(name, half, &block) }
          else
            one(name, data, &block)
          end
        end

        # Yields an error event and the end, as servers send when they fail in the middle of a stream.
        def error
          return yield frame("error", JSON.generate(numbered_error)) if @number

          yield frame("error", JSON.generate(ERROR))
          yield frame("done", DONE)
        end

        private

        def on?(name) = @quirks.on?(name)

        def one(name, data)
          yield frame(name, json(name, data))
          return unless on?(:unknown_events)

          unknown = @number ? "response.heartbeat" : "thread.run.heartbeat"
          yield frame(unknown, JSON.generate({ "object" => "heartbeat", "type" => unknown, "n" => @count }))
        end

        # Remembers the number of the Responses API's last event; other events have none.
        def note(name, data)
          @number = data["sequence_number"] if name.to_s.start_with?("response.")
        end

        def numbered_error
          error = ERROR.merge("type" => "error", "code" => "server_error", "sequence_number" => @number + 1)
          on?(:no_sequence_numbers) ? error.except("sequence_number") : error
        end

        def json(name, data)
          data = short(name, data) if on?(:short_failed_event)
          data = data.except("sequence_number") if on?(:no_sequence_numbers)
          data = padded(data) if on?(:big_body) && @count.zero?
          data = { "type" => name }.merge(data) if name && @quirks.option(:no_event_lines, :kind, :object) == :type
          text = generate(@presenter.call(data))
          on?(:truncated_json) && last?(name, data) ? text.byteslice(0, text.bytesize / 2).scrub("") : text
        end

        def short(name, data)
          case name
          when "thread.run.failed" then data.slice("id", "status", "last_error")
          when "response.failed" then data.merge("response" => data["response"].slice("id", "status", "error"))
          else data
          end
        end

        def generate(data)
          text = on?(:lone_surrogates) ? Surrogates.generate(data) : JSON.generate(data)
          on?(:split_data) ? text.gsub(/("(?:[^"\\]|\\.)*")|,/) { Regexp.last_match(1) || ",\n" } : text
        end

        def padded(data) = data.merge("padding" => "x" * @quirks.option(:big_body, :bytes, 1_000_000))

        def last?(name, data)
          LAST_EVENTS.include?(name) || !data.dig("choices", 0, "finish_reason").nil?
        end

        def frame(name, text)
          @count += 1
          lines = []
          lines << ": keep-alive" << "id#{@colon}#{@count}" if on?(:comments)
          lines << "event#{@colon}#{name}" if name && !on?(:no_event_lines)
          text.each_line(chomp: true) { |line| lines << "data#{@colon}#{line}" }
          lines.join(@newline) + @newline * 2
        end

        # The delta in pieces, cut through every emoji of its text.
        def halved(data)
          chat = data["object"] == "chat.completion.chunk"
          path = chat ? ["choices", 0, "delta", "content"] : ["delta", "content", 0, "text", "value"]
          text = data.dig(*path)
          return [data] unless text.is_a?(String)

          Surrogates.split(text).map { |piece| replace(data, path, piece) }
        end

        def replace(node, path, value)
          return value if path.empty?

          copy = node.dup
          copy[path.first] = replace(node[path.first], path.drop(1), value)
          copy
        end
      end
    end
  end
end
