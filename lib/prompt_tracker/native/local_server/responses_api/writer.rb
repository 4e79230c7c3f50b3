# frozen_string_literal: true

require_relative "../surrogates"
require_relative "item"

module PromptTracker
  module Native
    class LocalServer
      module ResponsesApi
        # Writes a response's output, item by item, with the events that say so.
        # @private
        class Writer
          NOISE = "3fKq9ZtLmXw7RbVc"
          # A PNG of one pixel.
          PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

          def initialize(response, context)
            @response = response
            @ids = context.ids
            @halves = context.quirks.on?(:lone_surrogates)
            @noise = response.params.dig("stream_options", "include_obfuscation") != false
          end

          # @return [Item] a new message, still empty
          def open_message = add("message", { "role" => "assistant", "content" => [] })

          # @param refusal [Boolean] does it hold a refusal, or else text?
          def open_part(item, place, refusal: false)
            item["content"][place] = if refusal
                                       { "type" => "refusal", "refusal" => +"" }
                                     else
                                       { "type" => "output_text", "annotations" => [], "logprobs" => [], "text" => +"" }
                                     end
            emit("response.content_part.added", item, place) { { "part" => Item.copy(item["content"][place]) } }
          end

          # Adds a piece to a part.
          def write(item, place, piece)
            part = item["content"][place]
            kind = part["type"]
            part[field(part)] << piece
            (@halves ? Surrogates.split(piece) : [piece]).each do |half|
              emit("response.#{kind}.delta", item, place) { delta(half).merge(logprobs(kind)) }
            end
          end

          # @param annotation [Hash]
          def annotate(item, place, annotation)
            list = item["content"][place]["annotations"] << annotation
            emit("response.output_text.annotation.added", item, place) do
              { "annotation_index" => list.size - 1, "annotation" => annotation }
            end
          end

          def close_part(item, place)
            part = item["content"][place]
            kind = part["type"]
            emit("response.#{kind}.done", item, place) do
              { field(part) => part[field(part)].dup }.merge(logprobs(kind))
            end
            emit("response.content_part.done", item, place) { { "part" => Item.copy(part) } }
          end

          # Ends an item.
          # @return [nil]
          def close(item, status = "completed")
            item["status"] = status if item["status"]
            emit("response.output_item.done", item) { { "item" => item.to_h } }
            nil
          end

          # @return [Item] a function call, its arguments still empty
          def open_call(name)
            add("function_call", { "call_id" => @ids.call("call"), "name" => name, "arguments" => +"" })
          end

          def write_arguments(item, piece)
            item["arguments"] << piece
            emit("response.function_call_arguments.delta", item) { delta(piece) }
          end

          def close_call(item)
            emit("response.function_call_arguments.done", item) do
              { "name" => item["name"], "arguments" => item["arguments"].dup }
            end
            close(item)
          end

          # Writes an item of another type, whole.
          # @param steps [Array<String>] what happens in between, as in "response.image_generation_call.generating"
          # @param result [Hash] fields that it has in the end
          def write_whole(type, fields, steps: [], result: {})
            item = add(type, fields)
            steps.each { |step| emit("response.#{type}.#{step}", item) { {} } }
            result.each { |name, value| item[name] = value }
            close(item)
          end

          # @param data [String] Base64
          def write_image(data = PIXEL)
            write_whole("image_generation_call", { "result" => nil }, steps: %w[in_progress generating completed],
                                                                      result: { "result" => data })
          end

          private

          def add(type, fields)
            status = type == "reasoning" ? {} : { "status" => "in_progress" }
            item = Item.new({ "id" => Item.new_id(@ids, type), "type" => type, **status, **fields })
            @response.output << item
            emit("response.output_item.added", item) { { "item" => item.to_h } }
            item
          end

          def emit(name, item, place = nil)
            @response.emit(name) do
              whole = name.start_with?("response.output_item.")
              where = whole ? {} : { "item_id" => item.id }
              where["output_index"] = @response.output.index(item)
              where["content_index"] = place if place
              where.merge(yield)
            end
          end

          def field(part) = part["type"] == "refusal" ? "refusal" : "text"

          def logprobs(kind) = kind == "output_text" ? { "logprobs" => [] } : {}

          # With padding that hides how long the piece is, as OpenAI has it.
          def delta(piece)
            @noise ? { "delta" => piece, "obfuscation" => NOISE[0, 16 - (piece.bytesize % 16)] } : { "delta" => piece }
          end
        end
      end
    end
  end
end
