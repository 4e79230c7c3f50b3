# frozen_string_literal: true

module PromptTracker
  module Native
    class LocalServer
      # An uploaded file.
      # @private
      class StoredFile
        attr_reader :id, :purpose, :filename, :content, :type

        # @param part [Hash{String => String}] filename, content_type and content
        # @param seconds [Integer, nil] until it expires
        def initialize(id, part, purpose:, seconds: nil)
          @id = id
          @purpose = purpose
          @filename = part["filename"]
          @content = part["content"]
          @type = part["content_type"].to_s.empty? ? "application/octet-stream" : part["content_type"]
          @created_at = Time.now.to_i
          @seconds = seconds
        end

        # @return [String, nil] nil where it is no text
        def text
          text = content.dup.force_encoding(Encoding::UTF_8)
          text if text.valid_encoding?
        end

        def to_h
          shown = { "id" => id, "object" => "file", "bytes" => content.bytesize, "created_at" => @created_at,
                    "filename" => filename, "purpose" => purpose, "status" => "processed" }
          @seconds ? shown.merge("expires_at" => @created_at + @seconds) : shown
        end
      end
    end
  end
end
