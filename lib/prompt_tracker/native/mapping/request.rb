# frozen_string_literal: true

module PromptTracker
  module Native
    module Mapping
      # The parameters of `POST /responses` that an assistant's fields, or an assistant's and a run's, come to.
      #
      # @api private
      class Request
        # The most keys that metadata may have.
        MOST_METADATA = 16

        # @return [Array<String>] the tools that were left out, in sentences
        attr_reader :warnings
        # @return [Array<String>] the resources that no tool uses, in sentences
        attr_reader :unused

        # @param fields [Hash{String => Object}] of the tables in {Fields}
        # @param settings [Hash{Symbol => Object}] of the {Configuration}
        def initialize(fields, settings)
          @fields = fields
          @settings = settings
          @warnings = []
          @unused = []
        end

        # @return [Hash{Symbol => Object}]
        # @raise [FieldError]
        def to_h
          refuse
          { model: Shape.string("model", @fields["model"], "gpt-4o"), instructions: instructions,
            temperature: unless_one("temperature"), top_p: unless_one("top_p"), reasoning: reasoning, text: text,
            tools: tools, tool_choice: given("tool_choice") { |choice| Tools.choice(choice) },
            parallel_tool_calls: given("parallel_tool_calls") { |value| Shape.boolean("parallel_tool_calls", value) },
            include: included, truncation: truncation,
            max_output_tokens: given("max_completion_tokens") { |n| Shape.integer("max_completion_tokens", n) },
            metadata: given("metadata") { |metadata| metadata(metadata) },
            input: given("additional_messages") { |list| messages(list) } }.compact
        end

        private

        def given(field)
          value = @fields[field]
          yield value unless value.nil?
        end

        def refuse
          Fields::RUN_ONLY.each do |name, field|
            raise FieldError.new(name, field.how) if field.fate == :refused && !@fields[name].nil?
          end
        end

        def instructions
          parts = %w[instructions additional_instructions].map { |name| given(name) { |text| Shape.text(name, text) } }
          parts = parts.reject { |text| text.nil? || text.strip.empty? }
          parts.join("\n\n") unless parts.empty?
        end

        # Every assistant holds 1.0, and models that reason refuse the parameter.
        def unless_one(field)
          given(field) { |value| Shape.number(field, value) == 1 ? nil : value }
        end

        def reasoning
          given("reasoning_effort") { |effort| { effort: Shape.string("reasoning_effort", effort, "medium") } }
        end

        def text
          format = ResponseFormat.map(@fields["response_format"])
          { format: format } if format
        end

        def tools
          return @tools if defined?(@tools)

          tools = Tools.new(@fields["tools"], @fields["tool_resources"])
          mapped = tools.to_a
          @warnings.concat(tools.warnings)
          @unused.concat(tools.unused)
          @tools = mapped.empty? ? nil : mapped
        end

        def included
          searches = tools&.any? { |tool| tool[:type] == "file_search" }
          ["file_search_call.results"] if searches && @settings.fetch(:include_file_search_results)
        end

        def truncation
          strategy = @fields["truncation_strategy"]
          return @settings.fetch(:truncation) if strategy.nil?

          field = "truncation_strategy"
          type = Shape.string("#{field}.type", Shape.object(field, strategy)["type"], "auto")
          return @settings.fetch(:truncation) if type == "auto"

          raise FieldError.new("#{field}.type", "is #{type.inspect}, which can't be carried over: " \
                                                "only \"auto\" can, as the setting `truncation` says")
        end

        def metadata(metadata)
          keys = Shape.object("metadata", metadata).size
          return if keys.zero?
          return metadata if keys <= MOST_METADATA

          raise FieldError.new("metadata", "has #{keys} keys: at most #{MOST_METADATA} can be sent")
        end

        def messages(list)
          items = Mapping.items(list, field: "additional_messages")
          items unless items.empty?
        end
      end
    end
  end
end
