# frozen_string_literal: true

require "json"

module PromptTracker
  module Native
    class Batch
      # The file of results: JSON lines, one a prompt, in the order in which the calls ended. A line is written with one
      # write, then forced to the disk, and counts only after that; so a process that is killed, or a machine that loses
      # its power, leaves whole lines and at most one torn one at the end, which the next batch cuts off.
      #
      # @api private
      class Results
        # The file can't be used.
        class Unusable < Error; end

        # Bytes of a digest: what is kept in memory of each finished prompt.
        KEPT = 8
        NONE = ("\0" * KEPT).b.freeze
        MOST_AT_ONCE = 10_000
        private_constant :KEPT, :NONE, :MOST_AT_ONCE

        # @return [String]
        attr_reader :path
        # @return [Integer] how many prompts have a result
        attr_reader :size

        # @param path [String]
        # @param resume [Boolean] whether what is there already is gone on with
        # @param retry_failed [Boolean] whether prompts whose calls failed are asked again
        # @param sync [:each, Numeric, nil] when lines are forced to the disk: each one, once in so many seconds, or
        #   when the system likes
        # @param raw [Boolean] whether a line has all that the server said
        # @raise [Unusable] where it is there and not to be gone on with, another batch writes it, or it isn't a file of
        #   results
        def initialize(path, resume: false, retry_failed: false, sync: :each, raw: false)
          @path = path
          @sync = sync
          @raw = raw
          @retry_failed = retry_failed
          @size = 0
          @kept = String.new(encoding: Encoding::BINARY)
          @file = open_file(resume)
          read
          @end = @file.size
        rescue StandardError
          @file&.close
          raise
        end

        # @return [Boolean] whether the prompt at that place has its result
        def include?(index)
          digest = @kept.byteslice(index * KEPT, KEPT)
          !digest.nil? && digest.bytesize == KEPT && digest != NONE
        end

        # @param row [Prompts::Row]
        # @raise [Unusable] where the result at its place is of another prompt
        def check(row)
          return if !include?(row.index) || @kept.byteslice(row.index * KEPT, KEPT) == [row.digest].pack("H*")

          raise Unusable, "#{path} has a result for prompt #{row.index}, but of another prompt or another assistant: " \
                          "the prompts have changed. Name another file with --out"
        end

        # @param row [Prompts::Row]
        # @param result [Hash, StandardError]
        def add(row, result)
          append("#{JSON.generate(line(row, result))}\n")
          note(row.index, row.digest)
        end

        # Forces all of it to the disk.
        def close
          return if @file.closed?

          @file.fdatasync unless @sync.nil?
          @file.close
        end

        private

        def open_file(resume)
          made = !File.exist?(path)
          raise Unusable, "#{path} can't hold results: name a file with --out" unless made || File.file?(path)

          file = File.open(path, File::RDWR | File::CREAT | File::APPEND | File::BINARY)
          raise Unusable, "another batch is writing #{path}" unless file.flock(File::LOCK_EX | File::LOCK_NB)
          unless resume || file.size.zero? # rubocop:disable Style/ZeroLengthPredicate
            raise Unusable, "#{path} is there already: --resume goes on with it, or name another file"
          end

          sync_folder if made
          file
        rescue StandardError
          file&.close
          raise
        end

        # That the file is there is news of its folder, which the file's own sync does not carry.
        def sync_folder
          File.open(File.dirname(File.expand_path(path)), &:fsync)
        rescue SystemCallError
          nil # not every system can
        end

        # Only the last line can lack its end: then it is whole but for that, or torn.
        def read
          whole = 0
          text = nil
          File.open(path, "rb") do |file|
            while (text = file.gets)
              record = parsed(text, file.lineno)
              break if record.nil? && !text.end_with?("\n")
              raise Unusable, unknown(file.lineno) unless record

              take(record)
              whole = file.pos
            end
          end
          @file.truncate(whole)
          @file.syswrite("\n") unless whole.zero? || File.binread(path, 1, whole - 1) == "\n"
        end

        def unknown(line)
          "#{path}:#{line}: is not a result of a batch. Name another file with --out, or remove that line"
        end

        # Calls begin in the order of the prompts, so no result can be far ahead of the others.
        def parsed(text, line)
          record = JSON.parse(text.dup.force_encoding(Encoding::UTF_8))
          return unless record.is_a?(Hash) && record["input"].to_s.match?(/\A\h{16}\z/)

          record if record["index"].is_a?(Integer) && record["index"].between?(0, line + MOST_AT_ONCE)
        rescue JSON::ParserError, EncodingError
          nil
        end

        def take(record)
          note(record["index"], record["input"]) unless @retry_failed && record.key?("error")
        end

        def note(index, digest)
          @size += 1 unless include?(index)
          missing = (index * KEPT) - @kept.bytesize
          @kept << NONE * (missing / KEPT) if missing.positive?
          @kept[index * KEPT, KEPT] = [digest].pack("H*")
        end

        def line(row, result)
          head = { index: row.index, id: row.id, input: row.digest }.compact
          return { **head, error: error(result) } unless result.is_a?(Hash)

          raw = result[:raw]
          ids = raw.is_a?(Hash) ? { thread_id: raw[:thread_id], run_id: raw[:run_id] }.compact : {}
          line = { **head, text: result[:text], usage: result[:usage], model: result[:model], **ids }
          @raw ? { **line, raw: raw } : line
        end

        def error(error)
          known = error.is_a?(ErrorDetails) ? %i[status code request_id thread_id run_id] : []
          details = known.to_h { |name| [name, error.public_send(name)] }
          details[:retryable] = true if error.is_a?(ErrorDetails) && error.retryable?
          { class: error.class.name, message: error.message, **details.compact }
        end

        # A line that the disk has no room for is taken back.
        def append(line)
          line = line.b
          written = @file.syswrite(line)
          raise Errno::ENOSPC, path if written < line.bytesize

          @end += written
          sync
        rescue SystemCallError
          @file.truncate(@end)
          raise
        end

        def sync
          return if @sync.nil?
          return @file.fdatasync if @sync == :each

          now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
          return if @synced && now - @synced < @sync

          @file.fdatasync
          @synced = now
        end
      end
    end
  end
end
