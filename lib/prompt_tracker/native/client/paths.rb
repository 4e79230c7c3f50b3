# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # How a resource writes the paths of its requests.
      #
      # @api private
      module Paths
        private

        # @param parts [Array<String, Hash{Symbol => Object}>] texts as they are, and ids by their arguments' names
        def path(*parts)
          parts.map do |part|
            part.is_a?(Hash) ? part.map { |name, id| "/#{Query.id(name, id)}" }.join : "/#{part}"
          end.join
        end
      end
    end
  end
end
