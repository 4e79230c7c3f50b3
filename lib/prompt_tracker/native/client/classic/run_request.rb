# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # What a caller asks of a run, as the parameters of a response.
        class RunRequest
          # The Assistants API's name of what was found, and the Responses API's.
          RESULTS = "step_details.tool_calls[*].file_search.results[*].content"
          INCLUDED = { RESULTS => "file_search_call.results" }.freeze
          # The lists in tool_resources, by tool.
          LISTS = { "file_search" => "vector_store_ids", "code_interpreter" => "file_ids" }.freeze

          private_constant :RESULTS, :LISTS

          # @return [String]
          attr_reader :assistant_id

          # @param include [Array<String>, String, nil]
          # @return [Array<String>] what a response calls them
          # @raise [ArgumentError]
          def self.included(include)
            Array(include).map do |name|
              INCLUDED.fetch(name.to_s) { raise ArgumentError, "include knows only #{RESULTS.inspect}" }
            end
          end

          # @param options [Hash{String => Object}] of a run, `stream` taken out
          # @param query [Hash, nil] `include:`
          # @raise [ArgumentError] where it names no assistant
          def initialize(options, query = nil)
            @assistant_id = options["assistant_id"]
            unless @assistant_id.is_a?(String) && !@assistant_id.b.strip.empty?
              raise ArgumentError, "assistant_id must be a String such as \"asst_abc123\""
            end

            @options = Configuration::Check.plain(options.except("assistant_id", "stream")).compact
            @query = query
          end

          # @return [Definition]
          # @raise [ConfigurationError] where none is known
          def definition
            @definition ||= Definitions.find(assistant_id) || raise(ConfigurationError, unknown)
          end

          # @param resources [Hash{String => Hash}] the thread's tool_resources
          # @return [Array(Hash{Symbol => Object}, Array<Hash>)] parameters, and input items
          # @raise [ArgumentError] names what can't be carried over
          # @raise [ConfigurationError] where no definition of the assistant is known
          def to_a(resources = {})
            parameters = definition.request_with(changes(resources))
            included = RunRequest.included((@query || {}).to_hash.then { |query| query[:include] || query["include"] })
            parameters[:include] = (parameters[:include].to_a + included).uniq if included.any?
            input = parameters.delete(:input)
            [parameters, input.to_a]
          end

          # @return [Run]
          def run(thread_id, parameters)
            Run.new(assistant_id, thread_id, definition.to_h, parameters, @options)
          end

          private

          def unknown
            "no definition of #{assistant_id} was found, and only from one can it run in a conversation. " \
              "#{Definitions.places(assistant_id)} Or is it an assistant of a server that has the Assistants API? " \
              "Then set `api` to :assistants."
          end

          # A thread's files and vector stores come to those of the assistant, or of the run.
          def changes(resources)
            return @options if resources.empty?

            own = @options["tool_resources"] || {}
            base = { **(definition.to_h["tool_resources"] || {}), **own }
            { **@options, "tool_resources" => base.merge(resources) { |kind, one, other| both(kind, one, other) } }
          end

          def both(kind, one, other)
            name = LISTS[kind]
            return other unless name && one.is_a?(Hash) && other.is_a?(Hash)

            { **one, **other, name => [*one[name], *other[name]].uniq }
          end
        end
      end
    end
  end
end
