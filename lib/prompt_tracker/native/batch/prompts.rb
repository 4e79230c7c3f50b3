# frozen_string_literal: true

require "digest"
require "json"

module PromptTracker
  module Native
    class Batch
      # The prompts of a file, as JSON lines or CSV. A line of JSON is a prompt by itself, as a String, or an object
      # with `prompt` and, as one likes, `id`, `assistant_id`, `thread_id`, `timeout` and `options` (further keywords of
      # the call). CSV has the same as columns, but for `options`. Anything else in them is left alone.
      #
      # @api private
      class Prompts
        # One prompt.
        #
        # @!attribute [r] index
        #   @return [Integer] its place among all, from 0
        # @!attribute [r] id
        #   @return [Object, nil] what the file calls it
        # @!attribute [r] call
        #   @return [Hash{Symbol => Object}] keywords of the call
        # @!attribute [r] digest
        #   @return [String] of the call: 16 hexadecimal digits
        Row = Struct.new(:index, :id, :call, :digest)

        # A prompt that can't be asked; says where it stands and what is wrong.
        class Unusable < ArgumentError; end

        KEYWORDS = %w[prompt assistant_id thread_id timeout].freeze
        private_constant :KEYWORDS

        # @return [String]
        attr_reader :path
        # @return [Integer] how many there are
        attr_reader :size

        # Looks at all of them, so that nothing is asked where one can't be.
        #
        # @param path [String]
        # @param defaults [Hash{Symbol => Object}] keywords of each call that the file doesn't give: `assistant_id:`, or
        #   `provider:` and `model:`
        # @param format [Symbol, nil] :jsonl or :csv; nil: by the file's name
        # @yieldparam row [Row] each one; an ArgumentError of the block's is told with the prompt's line
        # @raise [Unusable]
        # @raise [SystemCallError] where the file can't be read
        def initialize(path, defaults, format: nil)
          @path = path
          @defaults = defaults
          @format = format || (File.extname(path).downcase == ".csv" ? :csv : :jsonl)
          @size = 0
          raise Unusable, "#{path} is read twice: write the prompts to a file first" unless File.stat(path).file?

          records do |record, line|
            row = row(@size, record, line)
            @size += 1
            yield row if block_given?
          rescue ArgumentError => e
            raise e if e.is_a?(Unusable)

            raise Unusable, "#{path}:#{line}: #{e.message}"
          end
        end

        # @yieldparam row [Row]
        def each
          index = -1
          records do |record, line|
            yield row(index += 1, record, line)
          end
        end

        private

        def records(&block)
          @format == :csv ? csv(&block) : lines(&block)
        end

        def lines
          File.open(path, "r:bom|utf-8") do |file|
            file.each_line do |text|
              raise Unusable, "#{path}:#{file.lineno}: not valid UTF-8" unless text.valid_encoding?

              yield parsed(text, file.lineno), file.lineno unless text.strip.empty?
            end
          end
        end

        def parsed(text, line)
          JSON.parse(text)
        rescue JSON::ParserError => e
          raise Unusable, "#{path}:#{line}: no JSON: #{e.message.lines.first.to_s.strip[0, 100]}"
        end

        def csv
          need_csv
          table = ::CSV.open(path, "r:bom|utf-8", headers: true, skip_blanks: true)
          table.each { |row| yield row.to_h, table.lineno }
        rescue ::CSV::MalformedCSVError => e
          raise Unusable, "#{path}: #{e.message}"
        ensure
          table&.close
        end

        def need_csv
          require "csv"
        rescue LoadError
          raise LoadError, "the csv gem is needed to read #{path}: add it to the Gemfile, or give JSON lines"
        end

        def row(index, record, line)
          record = { "prompt" => record } if record.is_a?(String)
          raise Unusable, "#{path}:#{line}: must be a text or an object with a prompt" unless record.is_a?(Hash)

          call = call_of(record, line)
          Row.new(index, record["id"], call, Digest::SHA256.hexdigest(JSON.generate(call))[0, 16])
        end

        def call_of(record, line)
          given = record.slice(*KEYWORDS).reject { |_, value| value.nil? || value == "" }.transform_keys(&:to_sym)
          call = { **@defaults, **given, **options_of(record, line) }
          call[:timeout] = seconds(call[:timeout], line) if call.key?(:timeout)
          check_prompt(call[:prompt], line)
          return call if call[:assistant_id] || call[:model]

          raise Unusable, "#{path}:#{line}: has no assistant_id: add it, or name one for all with --assistant"
        end

        def check_prompt(prompt, line)
          raise Unusable, "#{path}:#{line}: has no prompt" if prompt.nil?
          return if prompt.is_a?(String) || prompt.is_a?(Array)

          raise Unusable, "#{path}:#{line}: the prompt must be a text or an array of content parts"
        end

        def seconds(value, line)
          Float(value)
        rescue ArgumentError, TypeError
          raise Unusable, "#{path}:#{line}: timeout must be a number of seconds"
        end

        def options_of(record, line)
          options = record["options"]
          return {} if options.nil? || @format == :csv
          return options.transform_keys(&:to_sym) if options.is_a?(Hash)

          raise Unusable, "#{path}:#{line}: options must be an object"
        end
      end
    end
  end
end
