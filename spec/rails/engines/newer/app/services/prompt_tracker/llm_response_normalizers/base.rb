# frozen_string_literal: true

module PromptTracker
  module LlmResponseNormalizers
    class Base
      def self.normalize(raw_response)
        new(raw_response).normalize
      end

      def initialize(raw_response)
        @raw_response = raw_response
      end

      private

      attr_reader :raw_response
    end
  end
end
