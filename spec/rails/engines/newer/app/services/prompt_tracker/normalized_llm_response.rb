# frozen_string_literal: true

module PromptTracker
  NormalizedLlmResponse = Struct.new(:text, :usage, :model, :tool_calls, :file_search_results, :api_metadata,
                                     :raw_response, keyword_init: true) do
    def thread_id = api_metadata[:thread_id]

    def run_id = api_metadata[:run_id]
  end
end
