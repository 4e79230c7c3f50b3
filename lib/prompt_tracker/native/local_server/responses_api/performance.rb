# frozen_string_literal: true

require_relative "../draft"
require_relative "../plan"
require_relative "../speaker"
require_relative "../tokens"
require_relative "writer"

module PromptTracker
  module Native
    class LocalServer
      module ResponsesApi
        # Plans how a response goes, by its script, from its creation to its end.
        # @private
        class Performance
          ERROR = { "code" => "server_error", "message" => "Sorry, something went wrong." }.freeze
          EXPIRED = ERROR.merge("message" => "The response expired.").freeze
          # Endings that the Assistants API has and this one does not.
          ENDINGS = { "requires_action" => "completed", "expired" => "failed" }.freeze
          # What the Assistants API calls them => what they are called here.
          REASONS = {
            "max_completion_tokens" => "max_output_tokens", "max_prompt_tokens" => "max_output_tokens"
          }.freeze

          # @param response [Response]
          # @param script [Script]
          def initialize(response, script, context)
            @response = response
            @script = script
            @context = context
            @writer = Writer.new(response, context)
            @draft = Draft.new(texts, script, context.quirks)
            @delay = script.delay || context.delay
            @plan = Plan.new(context.clock.now)
            @written = 0
          end

          # Gives the response its plan.
          def begin
            unless @script.ending == "queued"
              soon { @response.become("in_progress") }
              think
              search
              speak
              @script.calls.each { |name, arguments| call(name, arguments) }
              @plan.at(@delay) { finish } unless @script.stays?
            end
            @response.follow(@plan, @script, polls: @script.polls)
          end

          private

          # At the moment by which so much has been written.
          def soon(&action)
            @plan.at(@draft.pieces.zero? ? 0 : @delay * @written / @draft.pieces.to_f, &action)
          end

          def texts
            return @script.texts_for(@response.prompt) unless @script.unwritten?
            return [] unless @script.ending == "completed"

            [Speaker.answer(@response.prompt, @response.params.dig("text", "format"))]
          end

          # Reasoning models show that they thought, if not what.
          def think
            return unless @response.params["model"].match?(Endpoints::Chat::REASONING)

            soon { @writer.write_whole("reasoning", { "summary" => [] }) }
          end

          # What is cited was found first.
          def search
            cited = @script.annotations.select { |annotation| annotation["type"] == "file_citation" }
            return if cited.empty? || !tool?("file_search")

            steps = { steps: %w[in_progress searching completed], result: { "results" => results(cited) } }
            fields = { "queries" => [@response.prompt], "results" => nil }
            soon { @writer.write_whole("file_search_call", fields, **steps) }
          end

          def tool?(type) = (@response.params["tools"] || []).any? { |tool| tool["type"] == type }

          def results(cited)
            return unless (@response.params["include"] || []).include?("file_search_call.results")

            cited.map do |annotation|
              { "file_id" => annotation["file_id"], "filename" => annotation["filename"], "score" => 0.9,
                "text" => "", "attributes" => {} }
            end
          end

          def speak
            @draft.messages.each_with_index do |blocks, index|
              cut = cut_short? && index == @draft.messages.size - 1
              groups = blocks.empty? ? [[]] : blocks.slice_when { |one, other| one.other || other.other }.to_a
              groups.each { |group| group.first&.other ? image(group.first) : message(group, cut) }
            end
          end

          # Does the end come while the last message is being written?
          def cut_short? = @script.stays? || !%w[completed requires_action].include?(@script.ending)

          def image(block)
            @written += 1
            data = block.data || Writer::PIXEL
            soon { @writer.write_image(data) }
          end

          def message(blocks, cut)
            item = nil
            soon { item = @open = @writer.open_message }
            blocks.each_with_index do |block, place|
              part(block, place, cut && place == blocks.size - 1) { item }
            end
            soon { @open = @writer.close(item) } unless cut
          end

          def part(block, place, cut)
            soon { @writer.open_part(yield, place, refusal: block.refusal?) }
            block.deltas.each do |piece|
              @written += 1
              soon { @writer.write(yield, place, piece) }
            end
            return if cut

            block.annotations.each { |annotation| soon { @writer.annotate(yield, place, annotation) } }
            soon { @writer.close_part(yield, place) }
          end

          def call(name, arguments)
            item = nil
            @plan.at(@delay) do
              item = @writer.open_call(name)
              @context.store.remember_call(item["call_id"], @script, name)
            end
            arguments.scan(/.{1,8}/m) { |piece| @plan.at(@delay) { @writer.write_arguments(item, piece) } }
            @plan.at(@delay) { @writer.close_call(item) }
          end

          def finish
            status = ENDINGS.fetch(@script.ending, @script.ending)
            end_message(status) if @open
            @response.become(status, usage: status == "failed" ? nil : usage, error: error, reason: reason)
          end

          # A message that the end came upon. What is cancelled stays as it was.
          def end_message(status)
            return @open["status"] = "incomplete" if status == "failed"
            return if status == "cancelled"

            @writer.close_part(@open, @open["content"].size - 1) if @open["content"].any?
            @writer.close(@open, "incomplete")
          end

          def error
            case @script.ending
            when "failed" then ERROR.merge(@script.last_error || {})
            when "expired" then EXPIRED.merge(@script.last_error || {})
            end
          end

          def reason
            return unless @script.ending == "incomplete"

            REASONS.fetch(@script.reason, @script.reason || "max_output_tokens")
          end

          def usage
            return Tokens.for_responses(@script.usage) unless @script.usage == Script::COUNTED

            prompts = [@response.params["instructions"].to_s, *(@response.history + @response.input).map(&:text)]
            Tokens.for_responses(Tokens.usage(prompts, @draft.texts + @script.calls.flatten))
          end
        end
      end
    end
  end
end
