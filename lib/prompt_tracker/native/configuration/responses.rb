# frozen_string_literal: true

module PromptTracker
  module Native
    # The settings of assistants whose definitions are known here, and of the Responses API.
    class Configuration
      # @!attribute [rw] api
      #   Which API answers assistant calls: `:responses`, `:assistants` or `:auto`, the default: Responses where a
      #   definition of the assistant is known (see {Definitions}), else Assistants.
      #   @return [Symbol]
      setting(:api, :auto) { |name, value| Check.one_of(name, value, %i[auto assistants responses]) }

      # @!attribute [rw] assistants
      #   Definitions of assistants, looked at before any other place: a Hash by assistant id, or anything with
      #   `call` that gets an id and returns a definition or nil. A definition is a Hash as OpenAI's
      #   `GET /v1/assistants/{id}` returned it; only `model` must be there. Keys may be Strings or Symbols. A Hash is
      #   copied: later changes to it don't count. A callable is asked at each call. Default nil.
      #   @return [Hash{String => Hash}, #call, nil]
      #   @example
      #     c.assistants = { asst_abc123: { model: "gpt-4o", instructions: "Answer in one sentence." } }
      #   @example
      #     c.assistants = ->(id) { Assistant.find_by(openai_id: id)&.definition }
      setting(:assistants, nil) { |name, value| Check.assistants(name, value) }

      # @!attribute [rw] assistants_path
      #   The folder of definition files, one an assistant: `asst_abc123.json`. A relative one begins at `Rails.root`
      #   where Rails is there, else in the working directory. Default "config/assistants"; nil: no files.
      #   @return [String, nil]
      setting(:assistants_path, "config/assistants") do |name, value|
        Check.optional_string(name, value.respond_to?(:to_path) ? value.to_path : value)
      end

      # @!attribute [rw] store
      #   Whether the server keeps responses, so that they can be looked up, gone on from and cancelled. Default true.
      #   @return [Boolean]
      setting(:store, true) { |name, value| Check.boolean(name, value) }

      # @!attribute [rw] background
      #   Whether responses run in the background at the server: a broken stream can then be taken up again, and a
      #   response that takes too long can be cancelled. Default false. Not every server has it.
      #   @return [Boolean]
      setting(:background, false) { |name, value| Check.boolean(name, value) }

      # @!attribute [rw] truncation
      #   What is sent as `truncation` with a response where the assistant's truncation strategy is `auto`, as every
      #   one is that has no other: "auto" drops the oldest items of an input that is too long, "disabled" makes it an
      #   error. Default nil: nothing is sent, and the server's own default counts.
      #   @return [String, nil]
      setting(:truncation, nil) { |name, value| Check.one_of(name, value, [nil, :auto, :disabled])&.name }

      # @!attribute [rw] include_file_search_results
      #   Whether the passages that file search found are asked for too (`raw[:response]` has them). Default false.
      #   @return [Boolean]
      setting(:include_file_search_results, false) { |name, value| Check.boolean(name, value) }

      # @!attribute [rw] require_api_key
      #   Whether a call without an API key is an error before anything is sent. Default true. false: no key is needed
      #   where the base URL is not OpenAI's, as for Ollama, LM Studio or vLLM.
      #   @return [Boolean]
      setting(:require_api_key, true) { |name, value| Check.boolean(name, value) }

      # @!attribute [rw] reload_definitions
      #   Whether a definition is read again when its file or record has changed. Default nil: yes in Rails'
      #   development and test environments and where Rails is not there. Where not, files are read once, and the
      #   engine's records again after some seconds (see {Definitions}).
      #   @return [Boolean, nil]
      setting(:reload_definitions, nil) { |name, value| value.nil? ? nil : Check.boolean(name, value) }

      # @return [Boolean] whether a call needs an API key, by {#require_api_key} and the base URL
      def needs_api_key?
        require_api_key || Shutdown.hosts?(base_url)
      end
    end
  end
end
