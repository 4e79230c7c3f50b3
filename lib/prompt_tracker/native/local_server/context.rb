# frozen_string_literal: true

require_relative "store"

module PromptTracker
  module Native
    class LocalServer
      # What an endpoint has at hand while it serves one request. The quirks are those of the moment it arrived.
      # @private
      Context = Struct.new(:request, :quirks, :clock, :store, :scripts, :breaks, :open_streams, :strict, :delay,
                           keyword_init: true) do
        def connection = request.socket

        def ids = @ids ||= Ids.new(bare: quirks.on?(:uuid_ids))

        # The script of the next run.
        # @param assistant_id [String, nil] nil for chat
        # @return [Script]
        def next_script(assistant_id)
          scripts.take { |script| script.assistant_id.nil? || script.assistant_id == assistant_id } || Script.new
        end

        # @return [Break, nil] for a stream that starts now
        def next_break = breaks.take { true }
      end
    end
  end
end
