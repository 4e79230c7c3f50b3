# frozen_string_literal: true

module PromptTracker
  module Native
    module Mapping
      # Every field of the Assistants API's requests, and what becomes of it on the Responses API. A spec compares the
      # lists with OpenAI's API document, and `docs/mapping.md` with the lists.
      #
      # - `:mapped`: it is carried over
      # - `:kept`: it is not sent; `how` says where it stays and why that loses nothing
      # - `:refused`: it can't be carried over, and giving it is an error; `how` ends the sentence that the field begins
      module Fields
        # @!attribute [r] fate
        #   @return [Symbol]
        # @!attribute [r] how
        #   @return [String]
        Field = Struct.new(:fate, :how)

        # The fields that say how a response is made, whether the assistant or the run gives them.
        COMMON = {
          "model" => Field.new(:mapped, "`model`"),
          "instructions" => Field.new(:mapped, "`instructions`, sent with every response"),
          "tools" => Field.new(:mapped, "`tools`, flattened; see the table of tools"),
          "temperature" => Field.new(:mapped, "`temperature`, unless 1"),
          "top_p" => Field.new(:mapped, "`top_p`, unless 1"),
          "reasoning_effort" => Field.new(:mapped, "`reasoning.effort`"),
          "response_format" => Field.new(:mapped, "`text.format`, flattened; nothing for `\"auto\"`")
        }.freeze

        # What the Assistants API has only for a run. A definition may hold these too, and they count for each run.
        RUN_ONLY = {
          "max_completion_tokens" => Field.new(:mapped, "`max_output_tokens`"),
          "max_prompt_tokens" => Field.new(:refused, "can't be carried over: the Responses API has no such limit"),
          "parallel_tool_calls" => Field.new(:mapped, "`parallel_tool_calls`"),
          "tool_choice" => Field.new(:mapped, "`tool_choice`; the choice of a function is flattened; forced once"),
          "truncation_strategy" => Field.new(:mapped, "`auto`: `truncation` where the setting of that name says so; " \
                                                      "`last_messages` is refused")
        }.freeze

        RESOURCES = {
          "tool_resources" => Field.new(:mapped, "vector stores and files go into the tools that use them")
        }.freeze

        # A definition: AssistantObject.
        ASSISTANT = {
          "id" => Field.new(:kept, "names the definition"),
          "object" => Field.new(:kept, "always `assistant`"),
          "created_at" => Field.new(:kept, "shown by `assistants.retrieve`"),
          "name" => Field.new(:kept, "shown by `assistants.retrieve`; no model ever saw it"),
          "description" => Field.new(:kept, "shown by `assistants.retrieve`; no model ever saw it"),
          "metadata" => Field.new(:kept, "shown by `assistants.retrieve`; only a run's metadata is sent"),
          **COMMON, **RESOURCES, **RUN_ONLY
        }.freeze

        # A run: CreateRunRequest.
        RUN = {
          "assistant_id" => Field.new(:kept, "chooses the definition"),
          "stream" => Field.new(:kept, "whoever sends the request says whether it is streamed"),
          "additional_instructions" => Field.new(:mapped, "the end of `instructions`, after a blank line"),
          "additional_messages" => Field.new(:mapped, "`input` items"),
          "metadata" => Field.new(:mapped, "`metadata`, at most 16 keys"),
          **COMMON, **RUN_ONLY
        }.freeze

        # A run with a thread of its own: CreateThreadAndRunRequest.
        THREAD_AND_RUN = {
          **RUN.slice("assistant_id", "stream", "metadata"),
          "thread" => Field.new(:kept, "becomes a conversation, or the first response's input"),
          **COMMON, **RESOURCES, **RUN_ONLY
        }.freeze

        # A message that is made: CreateMessageRequest.
        CREATED_MESSAGE = {
          "role" => Field.new(:mapped, "`role`"),
          "content" => Field.new(:mapped, "`content`; see the table of content parts"),
          "attachments" => Field.new(:refused, "can't be carried over: the Responses API takes files with its tools, " \
                                               "so name them in tool_resources"),
          "metadata" => Field.new(:kept, "items of a conversation have none, and no model ever saw it")
        }.freeze

        # A message, made or read: CreateMessageRequest and MessageObject.
        MESSAGE = {
          **CREATED_MESSAGE,
          **%w[
            id object created_at thread_id status incomplete_details completed_at incomplete_at assistant_id run_id
          ].to_h { |name| [name, Field.new(:kept, "what a server says of a message that it had")] }
        }.freeze

        # A thread that is made: CreateThreadRequest.
        THREAD = {
          "messages" => Field.new(:mapped, "items of a conversation, 20 a request"),
          "metadata" => Field.new(:mapped, "`metadata` of the conversation"),
          **RESOURCES
        }.freeze

        # What a single run may change: a run's fields, and those that a run with a thread has besides.
        CHANGES = { **RUN, **RESOURCES }.freeze
      end
    end
  end
end
