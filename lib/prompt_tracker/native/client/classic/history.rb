# frozen_string_literal: true

require "monitor"
require "securerandom"

module PromptTracker
  module Native
    class Client
      module Classic
        # What was said in a thread that no server keeps.
        class History
          # How many items it keeps.
          MOST_ITEMS = 1000

          # An item that can be sent again to whoever has not kept it: its id would be looked for there.
          #
          # @param item [Hash]
          # @return [Hash, nil] nil: nothing that another response could read
          def self.portable(item)
            case item["type"]
            when "message" then said(item)
            when "function_call" then item.slice("type", "call_id", "name", "arguments")
            when "function_call_output" then item.slice("type", "call_id", "output")
            end
          end

          # An assistant's words go back as text.
          def self.said(item)
            content = item["content"]
            if item["role"] == "assistant" && content.is_a?(Array)
              content = content.filter_map { |part| part["text"] || part["refusal"] }.join("\n\n")
            end
            { "type" => "message", "role" => item["role"] || "assistant", "content" => content }
          end
          private_class_method :said

          # @return [Array<Hash>] oldest first
          attr_reader :items
          # @return [Integer] bytes of its items, as JSON
          attr_reader :bytes

          def initialize
            @items = []
            @sizes = []
            @bytes = 0
            @lock = Monitor.new
          end

          # One at a time.
          def hold(&block)
            @lock.synchronize(&block)
          end

          # @param items [Array<Hash>]
          # @return [Array<Hash>] the same, each with its id
          def add(items)
            items = items.map { |item| kept(item) }
            sizes = items.map { |item| size(item) }
            hold do
              @items += items
              @sizes += sizes
              @bytes += sizes.sum
              drop_oldest while @items.size > MOST_ITEMS
            end
            items
          end

          # @return [Hash, nil] what was deleted
          def delete(id)
            hold do
              index = @items.index { |item| item["id"] == id } or return
              @bytes -= @sizes[index]
              @sizes = without(@sizes, index)
              @items.at(index).tap { @items = without(@items, index) }
            end
          end

          # Puts it back to where it was.
          #
          # @param items [Array<Hash>] all that it had then
          def restore(items)
            hold do
              @items = items
              @sizes = items.map { |item| size(item) }
              @bytes = @sizes.sum
            end
          end

          # @return [Array<Hash>] what a response is given to read
          def input
            items.filter_map { |item| History.portable(item) }
          end

          private

          def kept(item)
            item = Configuration::Check.plain(item)
            { "id" => "#{item["type"] == "message" ? "msg" : "item"}_local_#{SecureRandom.hex(12)}",
              "status" => "completed", **item }
          end

          def size(item)
            Text.generate_json(item).bytesize
          end

          # Also what belongs to it: up to the next message of the user's.
          def drop_oldest
            rest = @items.drop(1)
            first = rest.index { |item| item["role"] == "user" } || 0
            @bytes -= @sizes.first(first + 1).sum
            @sizes = @sizes.drop(first + 1)
            @items = rest.drop(first)
          end

          def without(list, index)
            list.first(index) + list.drop(index + 1)
          end
        end
      end
    end
  end
end
