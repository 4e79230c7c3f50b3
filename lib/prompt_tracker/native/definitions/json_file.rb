# frozen_string_literal: true

require "json"

module PromptTracker
  module Native
    module Definitions
      # Reads a file that holds one JSON object.
      #
      # @api private
      module JSONFile
        # Far more than instructions and tools may be.
        MOST_BYTES = 16 << 20
        private_constant :MOST_BYTES

        class << self
          # What changes when the file does.
          #
          # @return [Array, nil] nil where there is no such file; begins with the Time of the last change
          def mark(path)
            stat = File.stat(path)
            [stat.mtime, stat.size, stat.ino]
          rescue Errno::ENOENT, Errno::ENOTDIR, Errno::ENAMETOOLONG
            nil
          rescue SystemCallError => e
            raise DefinitionError.new("can't be read: #{e.message}", source: path)
          end

          # @return [Hash]
          # @raise [DefinitionError] names the file and, where that is known, the line
          def read(path)
            text = text(path)
            parsed = JSON.parse(text)
            return parsed if parsed.is_a?(Hash)

            raise DefinitionError.new("must hold one JSON object, {…}, not #{kind(parsed)}", source: path)
          rescue JSON::ParserError
            place = JSONMistake.new(text).to_s
            raise DefinitionError.new("isn't valid JSON#{" (#{place})" unless place.empty?}", source: path)
          end

          private

          def text(path)
            raise DefinitionError.new("isn't a file", source: path) unless File.file?(path)
            raise DefinitionError.new("is over #{MOST_BYTES >> 20} MiB", source: path) if File.size(path) > MOST_BYTES

            text = File.read(path, mode: "r:bom|utf-8")
            raise DefinitionError.new("is empty: it must hold one JSON object", source: path) if text.b.strip.empty?
            return text if text.valid_encoding?

            raise DefinitionError.new("isn't UTF-8 text", source: path)
          rescue SystemCallError => e
            raise DefinitionError.new("can't be read: #{e.message}", source: path)
          end

          def kind(value)
            case value
            when Array then "an Array"
            when nil then "null"
            else "a #{value.class.name.split("::").last}"
            end
          end
        end
      end
    end
  end
end
