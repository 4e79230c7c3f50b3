# frozen_string_literal: true

require_relative "rules"

module PromptTracker
  module Native
    class LocalServer
      # The bodies that each creating or changing request may have (the Assistants API refuses what it does not know).
      # @private
      module Allowed
        def self.rule(*types, **more) = Rules::Rule.new(types: types, **more)

        # Of a tool only the type is looked at: OpenAI knows more of them than any list here would.
        ANYTHING = Class.new { def check(object, _path) = object }.new

        METADATA = { metadata: rule(:object) }.freeze
        SAMPLING = {
          temperature: rule(:number, least: 0, most: 2), top_p: rule(:number, least: 0, most: 1),
          response_format: rule(:string, :object), reasoning_effort: rule(:string)
        }.freeze

        MESSAGE = Rules.new(
          role: rule(:string, required: true, only: %w[user assistant]),
          content: rule(:string, :array, required: true, within: ANYTHING),
          attachments: rule(:array, within: ANYTHING), **METADATA
        )
        THREAD_FIELDS = { messages: rule(:array, within: MESSAGE), tool_resources: rule(:object), **METADATA }.freeze
        THREAD = Rules.new(THREAD_FIELDS)
        THREAD_CHANGE = Rules.new(tool_resources: rule(:object), **METADATA)
        METADATA_CHANGE = Rules.new(METADATA)

        ASSISTANT_FIELDS = {
          model: rule(:string), name: rule(:string, longest: 256), description: rule(:string, longest: 512),
          instructions: rule(:string, longest: 256_000), tools: rule(:array, longest: 128, within: ANYTHING),
          tool_resources: rule(:object), **METADATA, **SAMPLING
        }.freeze
        ASSISTANT = Rules.new(ASSISTANT_FIELDS.merge(model: rule(:string, required: true)))
        ASSISTANT_CHANGE = Rules.new(ASSISTANT_FIELDS)

        RUN_FIELDS = {
          assistant_id: rule(:string, required: true), model: rule(:string), instructions: rule(:string),
          tools: rule(:array, longest: 20, within: ANYTHING), stream: rule(:boolean),
          max_prompt_tokens: rule(:integer, least: 1), max_completion_tokens: rule(:integer, least: 1),
          truncation_strategy: rule(:object), tool_choice: rule(:string, :object), parallel_tool_calls: rule(:boolean),
          **METADATA, **SAMPLING
        }.freeze
        RUN = Rules.new(RUN_FIELDS.merge(
                          additional_instructions: rule(:string), additional_messages: rule(:array, within: MESSAGE)
                        ))
        THREAD_AND_RUN = Rules.new(RUN_FIELDS.merge(
                                     thread: rule(:object, within: THREAD), tool_resources: rule(:object)
                                   ))
        VECTOR_STORE_FIELDS = { name: rule(:string), expires_after: rule(:object), **METADATA }.freeze
        FILE_OPTIONS = { attributes: rule(:object), chunking_strategy: rule(:object) }.freeze
        VECTOR_STORE = Rules.new(
          file_ids: rule(:array, longest: 500), chunking_strategy: rule(:object), description: rule(:string),
          **VECTOR_STORE_FIELDS
        )
        VECTOR_STORE_CHANGE = Rules.new(VECTOR_STORE_FIELDS)
        VECTOR_STORE_SEARCH = Rules.new(
          query: rule(:string, :array, required: true), max_num_results: rule(:integer, least: 1, most: 50),
          filters: rule(:object), ranking_options: rule(:object), rewrite_query: rule(:boolean)
        )
        VECTOR_STORE_FILE = Rules.new(file_id: rule(:string, required: true), **FILE_OPTIONS)
        VECTOR_STORE_BATCH = Rules.new(file_ids: rule(:array, required: true, longest: 500), **FILE_OPTIONS)

        TOOL_OUTPUT = Rules.new(tool_call_id: rule(:string, required: true), output: rule(:string))
        TOOL_OUTPUTS = Rules.new(
          tool_outputs: rule(:array, required: true, within: TOOL_OUTPUT), stream: rule(:boolean)
        )
      end
    end
  end
end
