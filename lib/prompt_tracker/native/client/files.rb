# frozen_string_literal: true

require "json"

module PromptTracker
  module Native
    class Client
      # `/files`. Each call gives the object that the server answers with, a Hash with Strings as keys, and raises
      # {Error} or one of its subclasses where that fails. Every id is checked before anything is sent.
      class Files
        include Paths

        # What a file may be for. Any other purpose is sent all the same, with a warning: there may be new ones.
        PURPOSES = %w[assistants batch fine-tune vision user_data evals].freeze

        # @param client [Client]
        def initialize(client:)
          @client = client
        end

        # @param parameters [Hash] `purpose:`, `limit:`, `order:`, `after:`
        # @return [Hash] the list, with the files in `"data"`
        def list(parameters: {})
          @client.object(:get, path("files"), query: parameters)
        end

        # Uploads a file. It is read into memory, where it stands twice while it is sent;
        # {Configuration#max_upload_bytes} bounds that. A File is closed at the end, as ruby-openai closes it; what else
        # was given stays open.
        #
        # @param parameters [Hash] the form
        # @option parameters [String, Pathname, IO, StringIO] :file a path, or something to read from. A path that ends
        #   in `.jsonl` is checked line by line before it is sent.
        # @option parameters [String] :purpose one of {PURPOSES}
        # @option parameters [Hash] :expires_after `{ anchor: "created_at", seconds: 3600 }`
        # @return [Hash] the file
        # @raise [ArgumentError] where `file` is no file, or larger than {Configuration#max_upload_bytes}
        # @raise [SystemCallError] where it can't be read
        # @raise [JSON::ParserError] where a line of a `.jsonl` file isn't JSON
        # @example
        #   client.files.upload(parameters: { file: "terms.pdf", purpose: "assistants" })["id"] # => "file-…"
        def upload(parameters: {})
          given = parameters[:file]
          file = opened(given)
          warn_of(parameters[:purpose]) unless PURPOSES.include?(parameters[:purpose].to_s)
          check_lines(file) if file.is_a?(File) && path_of(given)&.end_with?(".jsonl")
          @client.object(:post, path("files"), form: parameters.merge(file: file))
        ensure
          file.close if file.is_a?(File)
        end

        # @param id [String]
        # @param parameters [Hash] become the query
        # @return [Hash] the file
        # @raise [ArgumentError] where the id can't be one
        def retrieve(id:, parameters: {})
          @client.object(:get, path("files", id: id), query: parameters)
        end

        # What is in a file, at most {Configuration#max_body_bytes}. As in ruby-openai, JSON comes parsed, and JSON
        # Lines as an Array; everything else is a String, UTF-8 where it is valid as that, and else binary.
        #
        # @param id [String]
        # @param parameters [Hash] become the query
        # @return [String, Hash, Array]
        # @raise [ArgumentError] where the id can't be one
        # @raise [AnswerError] where it is larger
        # @example
        #   File.binwrite("terms.pdf", client.files.content(id: "file-…"))
        def content(id:, parameters: {})
          @client.get(path: "#{path("files", id: id)}/content", parameters: parameters)
        end

        # @param id [String]
        # @return [Hash] empty where the server answers with nothing
        # @raise [ArgumentError] where the id can't be one
        def delete(id:)
          @client.object(:delete, path("files", id: id))
        end

        private

        def opened(file)
          path = path_of(file)
          return File.open(path, "rb") if path
          return file if file.respond_to?(:read) && file.respond_to?(:rewind)

          raise ArgumentError, "Invalid file - must be a path to a file, or something to read from such as a File or " \
                               "a StringIO, not #{file.class}"
        end

        # A Pathname counts as a path; an open file has one too, and is something to read from.
        def path_of(file)
          return file if file.is_a?(String)

          file.to_path if file.respond_to?(:to_path) && !file.respond_to?(:rewind)
        end

        def warn_of(purpose)
          Native.warning("the purpose #{purpose.inspect} of an uploaded file is none of " \
                                       "#{PURPOSES.join(", ")}; it is sent as it is")
        end

        def check_lines(file)
          file.each_line.with_index(1) do |line, number|
            JSON.parse(line)
          rescue JSON::ParserError => e
            raise JSON::ParserError, "#{e.message} - found on line #{number} of #{file.path}"
          end
          file.rewind
        end
      end
    end
  end
end
