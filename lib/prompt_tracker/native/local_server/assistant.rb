# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # An assistant: one that was created here, or the built-in one that answers for any other id.
      # @private
      class Assistant
        DEFAULTS = {
          "name" => nil, "description" => nil, "model" => "gpt-4o", "instructions" => nil, "tools" => [],
          "tool_resources" => {}, "metadata" => {}, "temperature" => 1.0, "top_p" => 1.0, "response_format" => "auto"
        }.freeze
        BUILT_IN = {
          "name" => "Local stand-in", "description" => "Answers for every assistant id that the server does not know.",
          "instructions" => "Say who you are, and what you were asked about."
        }.freeze
        IDS = /\A(asst_\w+|\h{8}(-\h{4}){3}-\h{12})\z/

        attr_reader :id

        # @param id [String]
        # @return [Assistant, nil] nil where the id is no assistant's
        def self.built_in(id) = id.to_s.match?(IDS) ? new(id, BUILT_IN) : nil

        def initialize(id, fields)
          @id = id
          @created_at = Time.now.to_i
          @fields = DEFAULTS.dup
          modify(fields)
        end

        # @param fields [Hash] as in a request; nil puts the default back
        def modify(fields)
          fields.each { |name, value| @fields[name] = value.nil? ? DEFAULTS[name] : value }
        end

        def [](name) = @fields[name]

        def to_h = { "id" => id, "object" => "assistant", "created_at" => @created_at }.merge(@fields)
      end
    end
  end
end
