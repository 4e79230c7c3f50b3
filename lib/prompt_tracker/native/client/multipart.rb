# frozen_string_literal: true

require "securerandom"

module PromptTracker
  module Native
    class Client
      # A form with files in it, as `multipart/form-data`. It is made in memory, so the files have a limit.
      #
      # @api private
      class Multipart
        # What a file without a name of its own is called; ruby-openai has it so.
        NAMELESS = "local.path"
        # By a file's extension. OpenAI itself goes by the name; other servers look here.
        TYPES = {
          "c" => "text/x-c", "css" => "text/css", "csv" => "text/csv", "gif" => "image/gif", "html" => "text/html",
          "jpeg" => "image/jpeg", "jpg" => "image/jpeg", "js" => "text/javascript", "json" => "application/json",
          "jsonl" => "application/jsonl", "md" => "text/markdown", "mp3" => "audio/mpeg", "mp4" => "video/mp4",
          "pdf" => "application/pdf", "png" => "image/png", "py" => "text/x-python", "rb" => "text/x-ruby",
          "txt" => "text/plain", "wav" => "audio/wav", "webp" => "image/webp", "xml" => "text/xml",
          "zip" => "application/zip",
          "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
          "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
          "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        }.freeze
        UNKNOWN_TYPE = "application/octet-stream"
        # Bytes that are read at a time.
        PIECE = 1 << 20
        # Room for what is not in a file.
        HEADS = 4096

        private_constant :NAMELESS, :TYPES, :UNKNOWN_TYPE, :PIECE, :HEADS

        # @return [String] the value of the request's Content-Type
        attr_reader :content_type

        # @param parameters [Hash] by name; what can be read is a file, an Array stands for `name[]`, a Hash for
        #   `name[key]`
        # @param limit [Integer] bytes of all its files together
        def initialize(parameters, limit:)
          @parameters = parameters
          @limit = limit
          @boundary = "ptn-#{SecureRandom.hex(16)}"
          @content_type = "multipart/form-data; boundary=#{@boundary}"
        end

        # Reads the files.
        #
        # @return [String] binary
        # @raise [ArgumentError] where the files are larger than the limit
        # @raise [SystemCallError] where a file can't be read
        def body
          @left = @limit
          # A String that grows by itself would take up to twice the room.
          out = String.new(encoding: Encoding::BINARY, capacity: [bytes(@parameters), @limit].min + HEADS)
          @parameters.each { |name, value| add(out, name.to_s, value) }
          out << "--#{@boundary}--\r\n"
        end

        private

        # Of the files that know how long they are.
        def bytes(value)
          case value
          when Hash then value.each_value.sum { |inner| bytes(inner) }
          when Array then value.sum { |inner| bytes(inner) }
          else file?(value) && value.respond_to?(:size) ? value.size.to_i : 0
          end
        end

        def add(out, name, value)
          case value
          when Hash then value.each { |key, inner| add(out, "#{name}[#{key}]", inner) }
          when Array then value.each { |inner| add(out, "#{name}[]", inner) }
          else file?(value) ? add_file(out, name, value) : add_text(out, name, value.to_s)
          end
        end

        # A Pathname can be read too, but not piece by piece.
        def file?(value)
          value.respond_to?(:read) && (value.respond_to?(:close) || value.respond_to?(:rewind))
        end

        def add_text(out, name, text)
          out << head(name) << "\r\n" << text.b << "\r\n"
        end

        def add_file(out, name, file)
          filename = filename(file)
          type = TYPES.fetch(File.extname(filename).delete_prefix(".").downcase, UNKNOWN_TYPE)
          out << head(name, "; filename=\"#{quoted(filename)}\"") << "Content-Type: #{type}\r\n\r\n"
          add_content(out, file)
          out << "\r\n"
        end

        def head(name, more = "")
          "--#{@boundary}\r\nContent-Disposition: form-data; name=\"#{quoted(name)}\"#{more}\r\n".b
        end

        # As browsers write it, so that no name can end its header.
        def quoted(name)
          Text.utf8!(name).gsub(/[\r\n"]/) { |char| format("%%%02X", char.ord) }
        end

        def filename(file)
          name = file.original_filename if file.respond_to?(:original_filename)
          name ||= file.path if file.respond_to?(:path)
          name.is_a?(String) && !name.empty? ? File.basename(name) : NAMELESS
        end

        # The whole file, wherever it was read up to; of a pipe, what is left in it.
        def add_content(out, file)
          refuse if file.respond_to?(:size) && file.size.to_i > @left
          rewind(file)
          while (piece = file.read(PIECE))
            break if piece.empty?

            refuse if piece.bytesize > @left
            @left -= piece.bytesize
            out << piece.b
          end
        end

        def rewind(file)
          file.rewind if file.respond_to?(:rewind)
        rescue Errno::ESPIPE
          nil
        end

        def refuse
          raise ArgumentError, "the files of one request may have #{@limit} bytes (max_upload_bytes), as they are " \
                               "held in memory: send less, or raise PromptTracker::Native.configuration.max_upload_bytes"
        end
      end
    end
  end
end
