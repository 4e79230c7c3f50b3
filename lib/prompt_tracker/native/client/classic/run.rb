# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # A run: a response or, where tool outputs were submitted, several, one after the other. It has the id of the
        # first, and the state of the newest.
        class Run
          # What the Client itself puts into a response's metadata, so that any process can show the run.
          OWN_METADATA = %w[assistant_id thread_id].freeze
          # What a run can say in place of its assistant, and a response doesn't repeat in the Assistants API's words.
          SHOWN_AS_ASKED = %w[tools tool_choice response_format].freeze
          # Of a response that ends, an item can be gone on from.
          ENDS = %w[completed failed incomplete cancelled].freeze

          private_constant :SHOWN_AS_ASKED

          # @return [String] of the first response, once there is one
          attr_reader :id
          attr_reader :thread_id
          # @return [String, nil] nil where no one knows
          attr_reader :assistant_id
          # @return [Hash{Symbol => Object}] of each of its responses
          attr_reader :parameters
          # @return [Hash{String => String}] tool outputs that were submitted here, by call id
          attr_reader :outputs

          class << self
            # @param response [Hash] that this process knows nothing of
            # @return [Run]
            # @raise [DefinitionError] where the assistant's definition can't be used
            def found(response, thread_id)
              assistant_id = (response["metadata"] || {})["assistant_id"]
              definition = Definitions.find(assistant_id)
              parameters = going_on(definition, response) if definition
              new(assistant_id, thread_id, definition ? definition.to_h : {}, parameters).tap { |run| run.found = true }
            end

            private

            # What its first response was made with, as far as the response repeats that in words that can be sent.
            def going_on(definition, response)
              said = { instructions: response["instructions"], max_output_tokens: response["max_output_tokens"],
                       temperature: unless_one(response["temperature"]), top_p: unless_one(response["top_p"]) }
              metadata = (response["metadata"] || {}).except(*OWN_METADATA)
              said[:instructions] = nil unless said[:instructions].is_a?(String)
              said[:metadata] = metadata unless metadata.empty?
              { **definition.request, **said.compact }
            end

            def unless_one(number)
              number == 1 ? nil : number
            end
          end

          # @param assistant [Hash] as the Assistants API showed it
          # @param parameters [Hash{Symbol => Object}, nil] nil: nothing can be submitted to it
          # @param said [Hash{String => Object}] what the run says in the assistant's place
          def initialize(assistant_id, thread_id, assistant, parameters, said = {})
            @assistant_id = assistant_id
            @thread_id = thread_id
            @assistant = { **assistant, **said.slice(*SHOWN_AS_ASKED) }
            @parameters = parameters
            @usages = {}
            @outputs = {}
            @kept = {}
            @found = false
          end

          # Did another process begin it? Until this one makes a response of it.
          attr_writer :found

          # @return [Boolean]
          def found?
            @found && !continued?
          end

          # @return [String] the id of the newest response
          def newest
            @usages.keys.last
          end

          # @return [Array<String>] ids, the first response's first
          def responses
            @usages.keys
          end

          # @return [Hash, nil] one of its responses, where the server doesn't keep it
          def kept(id = newest)
            @kept[id]
          end

          # @return [Boolean] did outputs of tools come in between?
          def continued?
            @usages.size > 1
          end

          # Outputs of tools, for the response that the block makes. To force a call again there would never end.
          #
          # @param outputs [Hash{String => String}] by call id
          def take_outputs(outputs)
            @outputs.update(outputs)
            choice = @parameters[:tool_choice]
            @parameters = @parameters.except(:tool_choice) if choice.is_a?(Hash) || choice == "required"
            waiting = newest
            yield
          ensure
            outputs.each_key { |call_id| @outputs.delete(call_id) } if newest == waiting
          end

          # @return [Array<Hash>] the steps whose outputs were submitted last
          def answered_steps
            @asked ? Steps.new(self, @asked).to_a : []
          end

          # Its open calls were answered so that the conversation is free again.
          def cancel
            @cancelled_at = Time.now.to_i
          end

          # @return [Boolean]
          def cancelled?
            !@cancelled_at.nil?
          end

          # Takes note of the state of its newest response, or of a new one.
          #
          # @param response [Hash]
          # @return [Hash] the run
          def see(response)
            shape = ResponseShape.run(response, @assistant_id.to_s, @thread_id, @assistant)
            note(response, shape)
            shape.update("id" => @id, "assistant_id" => @assistant_id, "created_at" => @created_at,
                         "model" => shape["model"] || @assistant["model"], "usage" => usage,
                         "metadata" => shape["metadata"].except(*OWN_METADATA))
            shape["started_at"] ||= @created_at if ENDS.include?(shape["status"])
            @cancelled_at ? cancelled(shape) : shape
          end

          # What a message of its newest response is known by.
          #
          # @param response [Hash]
          # @param shape [Hash] the run
          # @return [Fact]
          def fact(response, shape)
            created = response["created_at"] || @created_at
            reason = shape.dig("incomplete_details", "reason") || shape["status"]
            Fact.new(created_at: created, completed_at: response["completed_at"] || created, run_id: @id,
                     assistant_id: @assistant_id, reason: Shapes::REASONS[reason])
          end

          private

          def note(response, shape)
            id = response["id"]
            @id ||= id
            @created_at ||= response["created_at"] || Time.now.to_i
            @usages[id] = shape["usage"]
            @kept[id] = response if response["store"] == false
            asked(response) if shape["status"] == "requires_action"
            Classic.runs[id] = self
            fact = fact(response, shape)
            Array(response["output"]).each { |item| Classic.facts[item["id"]] = fact if said?(item) }
          end

          def asked(response)
            calls = response["output"].select { |item| item["type"] == "function_call" }
            @asked = { **response.slice("id", "status", "created_at", "completed_at", "usage"), "output" => calls }
          end

          def said?(item)
            item["id"] && %w[message image_generation_call code_interpreter_call].include?(item["type"])
          end

          # Of all its responses; nil until the newest has ended.
          def usage
            return if @usages.values.last.nil?

            %w[prompt_tokens completion_tokens total_tokens].to_h do |name|
              [name, @usages.values.compact.sum { |usage| usage[name].to_i }]
            end
          end

          def cancelled(shape)
            shape.update("status" => "cancelled", "required_action" => nil, "cancelled_at" => @cancelled_at,
                         "completed_at" => nil)
          end
        end
      end
    end
  end
end
