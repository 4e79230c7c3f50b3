# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # What an endpoint answers, before {Delivery} makes a Rack response of it.
      # @private
      class Answer
        # @return [Hash, String, EventStream] a JSON object, ready text, or events to come
        attr_reader :body
        attr_reader :status, :headers

        # @param created [Boolean] did the request create something? (quirk created_201)
        def initialize(body, status: 200, headers: {}, created: false)
          @body = body
          @status = status
          @headers = headers
          @created = created
        end

        def created? = @created
      end
    end
  end
end
