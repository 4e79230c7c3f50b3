# frozen_string_literal: true

require_relative "speaker"
require_relative "store"

module PromptTracker
  module Native
    class LocalServer
      # What an endpoint has at hand while it serves one request. The quirks are those of the moment it arrived.
      # @private
      Context = Struct.new(:request, :quirks, :clock, :store, :scripts, :breaks, :open_streams, :strict, :keyless,
                           :delay, keyword_init: true) do
        def connection = request.socket

        def ids = @ids ||= Ids.new(bare: quirks.on?(:uuid_ids))

        # The script of the next run.
        # @param assistant_id [String, nil] nil for chat, and for a response whose metadata names none
        # @return [Script]
        def next_script(assistant_id)
          scripts.take { |script| script.assistant_id.nil? || script.assistant_id == assistant_id } || Script.new
        end

        # The script that goes on after the outputs of function calls, or else the next.
        # @param outputs [Hash{String => String}] by call id
        # @param assistant_id [String, nil]
        # @return [Script]
        def script_after(outputs, assistant_id = nil)
          made = store.calls.slice(*outputs.keys)
          return next_script(assistant_id) if made.empty?

          by_name = outputs.to_h { |id, output| [made[id]&.last.to_s, output] }
          script = made.values.first.first.continuation(by_name) || next_script(assistant_id)
          script.unwritten? && script.ending == "completed" ? script.saying(Speaker.after_tools(by_name)) : script
        end

        # @return [Break, nil] for a stream that starts now
        def next_break = breaks.take { true }
      end
    end
  end
end
