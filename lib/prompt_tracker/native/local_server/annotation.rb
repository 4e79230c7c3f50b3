# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # Annotations of a text, which scripts give as the Responses API has them.
      # @private
      module Annotation
        # The Assistants API's name for each type that it has.
        CLASSIC = { "file_citation" => "file_citation", "container_file_citation" => "file_path" }.freeze

        # @param annotation [Hash]
        # @return [Hash, nil] the same as the Assistants API has it; nil where it has no such thing
        def self.classic(annotation)
          type = CLASSIC[annotation["type"]]
          return annotation if annotation.key?("file_citation") || annotation.key?("file_path")
          return unless type

          first = annotation["start_index"] || annotation["index"] || 0
          { "type" => type, "text" => "", "start_index" => first, "end_index" => annotation["end_index"] || first,
            type => { "file_id" => annotation["file_id"] } }
        end
      end
    end
  end
end
