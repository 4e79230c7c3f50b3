# frozen_string_literal: true

module PromptTracker
  module Native
    module Mapping
      # An assistant's `tools` with its `tool_resources`, and `tool_choice`, as a response has them.
      #
      # @api private
      class Tools
        # The most files that a code interpreter's container takes.
        MOST_FILES = 50
        # The Assistants API's name of what the Responses API calls "auto".
        OLD_RANKER = "default_2024_08_21"
        # A function without parameters, said in so many words: there, parameters are required.
        NO_PARAMETERS = { type: "object", properties: {}.freeze }.freeze

        private_constant :MOST_FILES, :OLD_RANKER, :NO_PARAMETERS

        class << self
          # @param choice [String, Hash]
          # @return [String, Hash{Symbol => Object}]
          def choice(choice)
            field = "tool_choice"
            return Shape.string(field, choice, "auto") unless choice.is_a?(Hash)

            Shape.only(field, choice, %w[type function name])
            type = Shape.string("#{field}.type", choice["type"], "function")
            return { type: type } unless type == "function"

            named = choice.key?("function") ? Shape.object("#{field}.function", choice["function"]) : choice
            { type: type, name: Shape.string("#{field}.function.name", named["name"], "get_weather") }
          end
        end

        # @return [Array<String>] the tools that were left out, in sentences
        attr_reader :warnings

        # @param tools [Array<Hash>, nil]
        # @param resources [Hash, nil]
        # @raise [FieldError]
        def initialize(tools, resources)
          @tools = tools.nil? ? [] : Shape.array("tools", tools)
          @resources = resources.nil? ? {} : Shape.object("tool_resources", resources)
          @warnings = []
          Shape.only("tool_resources", @resources, %w[code_interpreter file_search])
        end

        # @return [Array<Hash{Symbol => Object}>]
        def to_a
          @tools.each_with_index.filter_map { |tool, index| tool("tools[#{index}]", tool) }
        end

        # @return [Array<String>] the resources that no tool uses, in sentences
        def unused
          { "file_search" => "vector_store_ids", "code_interpreter" => "file_ids" }.filter_map do |kind, name|
            next if resource_ids(kind, name, "…").empty? || @tools.any? { |tool| tool["type"] == kind }

            "tool_resources.#{kind} is left out: tools has no #{kind}"
          end
        end

        private

        def tool(field, tool)
          type = Shape.string("#{field}.type", Shape.object(field, tool)["type"], "function")
          case type
          when "function" then function(field, tool)
          when "file_search" then file_search(field, tool)
          when "code_interpreter" then code_interpreter(field, tool)
          else
            raise FieldError.new("#{field}.type", "is #{type.inspect}: function, file_search and code_interpreter " \
                                                  "are known")
          end
        end

        # Without `strict: false` the Responses API tries to be strict, which the Assistants API didn't.
        def function(field, tool)
          Shape.only(field, tool, %w[type function])
          field = "#{field}.function"
          given = Shape.object(field, tool["function"])
          Shape.only(field, given, %w[name description parameters strict])
          { type: "function",
            name: Shape.string("#{field}.name", given["name"], "get_weather"),
            description: given["description"] && Shape.text("#{field}.description", given["description"]),
            parameters: parameters("#{field}.parameters", given["parameters"]),
            strict: given["strict"].nil? ? false : Shape.boolean("#{field}.strict", given["strict"]) }.compact
        end

        def parameters(field, given)
          Shape.empty?(given) ? NO_PARAMETERS : Shape.object(field, given)
        end

        def file_search(field, tool)
          Shape.only(field, tool, %w[type file_search])
          stores = resource_ids("file_search", "vector_store_ids", "vs_abc123")
          if stores.empty?
            @warnings << "#{field} (file_search) is left out: tool_resources.file_search.vector_store_ids names no " \
                         "vector store, and the Responses API needs one"
            return
          end

          options = search_options("#{field}.file_search", tool["file_search"])
          { type: "file_search", vector_store_ids: stores, **options }
        end

        def search_options(field, options)
          return {} if options.nil?

          Shape.only(field, Shape.object(field, options), %w[max_num_results ranking_options])
          most = options["max_num_results"]
          { max_num_results: most && Shape.integer("#{field}.max_num_results", most),
            ranking_options: ranking("#{field}.ranking_options", options["ranking_options"]) }.compact
        end

        def ranking(field, options)
          return if Shape.empty?(options)

          Shape.only(field, Shape.object(field, options), %w[ranker score_threshold])
          ranker, threshold = options.values_at("ranker", "score_threshold")
          ranker &&= Shape.string("#{field}.ranker", ranker, "auto")
          { ranker: ranker == OLD_RANKER ? "auto" : ranker,
            score_threshold: threshold && Shape.number("#{field}.score_threshold", threshold) }.compact
        end

        def code_interpreter(field, tool)
          Shape.only(field, tool, %w[type])
          files = resource_ids("code_interpreter", "file_ids", "file-abc123")
          if files.size > MOST_FILES
            raise FieldError.new("tool_resources.code_interpreter.file_ids",
                                 "names #{files.size} files: a container takes at most #{MOST_FILES}")
          end

          container = { type: "auto" }
          container[:file_ids] = files unless files.empty?
          { type: "code_interpreter", container: container }
        end

        def resource_ids(kind, name, example)
          field = "tool_resources.#{kind}"
          resource = @resources[kind]
          return [] if resource.nil?

          Shape.only(field, Shape.object(field, resource), [name])
          resource[name].nil? ? [] : Shape.ids("#{field}.#{name}", resource[name], example)
        end
      end
    end
  end
end
