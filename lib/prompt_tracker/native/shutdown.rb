# frozen_string_literal: true

module PromptTracker
  module Native
    # What a server's "not found" means since OpenAI shut its Assistants API down.
    #
    # @api private
    module Shutdown
      # The day on which OpenAI's `/v1/assistants` and `/v1/threads` began to answer 404.
      DATE = "2026-08-26"

      # OpenAI's own hosts and Azure's.
      HOSTS = %r{\Ahttps://(?:[^/:]+\.)?(?:openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com|
                 services\.ai\.azure\.com)(?=[:/]|\z)}ix
      private_constant :HOSTS

      # @param base_url [String]
      # @return [Boolean] true where that is OpenAI's or Azure's API, which has no assistants any more
      def self.hosts?(base_url)
        HOSTS.match?(base_url)
      end

      # @param assistant_id [String]
      # @param base_url [String] of the server that answered 404 or 410
      # @return [String] what happened and what to do
      def self.advice(assistant_id, base_url)
        happened = if hosts?(base_url)
                     "OpenAI shut the Assistants API down on #{DATE}. #{assistant_id} goes on through the Responses API"
                   else
                     "Where a server has no Assistants API, #{assistant_id} can go through its Responses API"
                   end
        "#{happened} once its definition is known: `prompt_tracker-native definitions new #{assistant_id}` writes " \
          "one to fill in. #{Definitions.places(assistant_id)}"
      end
    end
  end
end
