# frozen_string_literal: true

module PromptTracker
  module Native
    class Interception
      # A request that is about to go out.
      #
      # @api private
      class Request
        # What the library underneath says where the request doesn't.
        DEFAULTS = { "Accept" => "*/*", "User-Agent" => "prompt_tracker-native" }.freeze
        private_constant :DEFAULTS

        # @return [String] "GET", "POST" or "DELETE"
        attr_reader :verb
        # @return [String] the whole URL, with its query
        attr_reader :url
        # @return [Hash{String => String}] as they are sent, the key with them
        attr_reader :headers
        # @return [String, nil] UTF-8, or binary where it isn't that
        attr_reader :body
        # @return [String, nil] which assistant is asked, where the request itself does not say
        attr_reader :assistant_id
        # @return [Object] what an interceptor knows it by
        attr_accessor :signature

        def initialize(verb, url, headers, body, assistant_id)
          @verb = verb
          @url = url
          @headers = DEFAULTS.merge(headers)
          @body = body.nil? || body.valid_encoding? ? body : body.b
          @assistant_id = assistant_id
        end

        # @return [String] without headers: they hold the key
        def inspect = "#<#{self.class} #{verb} #{url}>"
      end
    end
  end
end
