# frozen_string_literal: true

require "uri"
require_relative "api_error"
require_relative "endpoints/assistants"
require_relative "endpoints/chat"
require_relative "endpoints/conversations"
require_relative "endpoints/files"
require_relative "endpoints/messages"
require_relative "endpoints/models"
require_relative "endpoints/responses"
require_relative "endpoints/run_steps"
require_relative "endpoints/runs"
require_relative "endpoints/threads"
require_relative "endpoints/vector_stores"

module PromptTracker
  module Native
    class LocalServer
      # Which endpoint serves a request, and whether the request may pass at all: the checks come in OpenAI's order.
      # @private
      module Router
        PREFIX = "/v1"
        # What Azure has before it.
        AZURE = "/openai"

        # Path => verb => endpoint class and method. A path's {…} become the method's arguments.
        TABLE = {
          "/assistants" => { "POST" => [Endpoints::Assistants, :create], "GET" => [Endpoints::Assistants, :list] },
          "/assistants/{}" => { "GET" => [Endpoints::Assistants, :retrieve],
                                "POST" => [Endpoints::Assistants, :modify],
                                "DELETE" => [Endpoints::Assistants, :delete] },
          "/threads" => { "POST" => [Endpoints::Threads, :create] },
          "/threads/runs" => { "POST" => [Endpoints::Runs, :create_with_thread] },
          "/threads/{}" => { "GET" => [Endpoints::Threads, :retrieve], "POST" => [Endpoints::Threads, :modify],
                             "DELETE" => [Endpoints::Threads, :delete] },
          "/threads/{}/messages" => { "POST" => [Endpoints::Messages, :create], "GET" => [Endpoints::Messages, :list] },
          "/threads/{}/messages/{}" => { "GET" => [Endpoints::Messages, :retrieve],
                                         "POST" => [Endpoints::Messages, :modify],
                                         "DELETE" => [Endpoints::Messages, :delete] },
          "/threads/{}/runs" => { "POST" => [Endpoints::Runs, :create], "GET" => [Endpoints::Runs, :list] },
          "/threads/{}/runs/{}" => { "GET" => [Endpoints::Runs, :retrieve], "POST" => [Endpoints::Runs, :modify] },
          "/threads/{}/runs/{}/cancel" => { "POST" => [Endpoints::Runs, :cancel] },
          "/threads/{}/runs/{}/submit_tool_outputs" => { "POST" => [Endpoints::Runs, :submit_tool_outputs] },
          "/threads/{}/runs/{}/steps" => { "GET" => [Endpoints::RunSteps, :list] },
          "/threads/{}/runs/{}/steps/{}" => { "GET" => [Endpoints::RunSteps, :retrieve] },
          "/responses" => { "POST" => [Endpoints::Responses, :create] },
          "/responses/{}" => { "GET" => [Endpoints::Responses, :retrieve],
                               "DELETE" => [Endpoints::Responses, :delete] },
          "/responses/{}/cancel" => { "POST" => [Endpoints::Responses, :cancel] },
          "/responses/{}/input_items" => { "GET" => [Endpoints::Responses, :input_items] },
          "/conversations" => { "POST" => [Endpoints::Conversations, :create] },
          "/conversations/{}" => { "GET" => [Endpoints::Conversations, :retrieve],
                                   "POST" => [Endpoints::Conversations, :modify],
                                   "DELETE" => [Endpoints::Conversations, :delete] },
          "/conversations/{}/items" => { "POST" => [Endpoints::Conversations, :add_items],
                                         "GET" => [Endpoints::Conversations, :list_items] },
          "/conversations/{}/items/{}" => { "GET" => [Endpoints::Conversations, :retrieve_item],
                                            "DELETE" => [Endpoints::Conversations, :delete_item] },
          "/files" => { "POST" => [Endpoints::Files, :create], "GET" => [Endpoints::Files, :list] },
          "/files/{}" => { "GET" => [Endpoints::Files, :retrieve], "DELETE" => [Endpoints::Files, :delete] },
          "/files/{}/content" => { "GET" => [Endpoints::Files, :content] },
          "/vector_stores" => { "POST" => [Endpoints::VectorStores, :create],
                                "GET" => [Endpoints::VectorStores, :list] },
          "/vector_stores/{}" => { "GET" => [Endpoints::VectorStores, :retrieve],
                                   "POST" => [Endpoints::VectorStores, :modify],
                                   "DELETE" => [Endpoints::VectorStores, :delete] },
          "/vector_stores/{}/search" => { "POST" => [Endpoints::VectorStores, :search] },
          "/vector_stores/{}/files" => { "POST" => [Endpoints::VectorStores, :add_file],
                                         "GET" => [Endpoints::VectorStores, :list_files] },
          "/vector_stores/{}/files/{}" => { "GET" => [Endpoints::VectorStores, :retrieve_file],
                                            "DELETE" => [Endpoints::VectorStores, :delete_file] },
          "/vector_stores/{}/file_batches" => { "POST" => [Endpoints::VectorStores, :add_batch] },
          "/vector_stores/{}/file_batches/{}" => { "GET" => [Endpoints::VectorStores, :retrieve_batch] },
          "/vector_stores/{}/file_batches/{}/cancel" => { "POST" => [Endpoints::VectorStores, :cancel_batch] },
          "/vector_stores/{}/file_batches/{}/files" => { "GET" => [Endpoints::VectorStores, :list_batch] },
          "/models" => { "GET" => [Endpoints::Models, :list] },
          "/models/{}" => { "GET" => [Endpoints::Models, :retrieve] },
          "/chat/completions" => { "POST" => [Endpoints::Chat, :create] }
        }.freeze
        ROUTES = TABLE.map do |path, verbs|
          [/\A(?:#{AZURE})?#{PREFIX}#{path.gsub("{}", "([^\/]+)")}\z/, verbs, path[%r{\A/\w+}]]
        end.freeze
        # Paths of the Assistants API.
        ASSISTANTS = %w[/assistants /threads].freeze

        # Quirks under which there is no such API.
        GONE = %i[assistants_gone after_shutdown].freeze

        class << self
          # @param context [Context]
          # @return [Answer]
          # @raise [ApiError]
          def call(context)
            request = context.request
            match, verbs, family = find(request)
            check_there(context, family)
            check_key(context)
            endpoint, method = verbs.fetch(request.method) { raise ApiError.wrong_method(request, verbs.keys) }
            check_beta(request) if ASSISTANTS.include?(family)
            arguments = match.captures.map { |segment| URI.decode_www_form_component(segment) }
            context.clock.synchronize { endpoint.new(context).public_send(method, *arguments) }
          end

          private

          def find(request)
            ROUTES.each do |pattern, verbs, family|
              match = pattern.match(request.path)
              return [match, verbs, family] if match
            end
            raise ApiError.unknown_url(request)
          end

          # Does the server have that family of paths?
          def check_there(context, family)
            quirk = { "/assistants" => GONE, "/threads" => GONE, "/conversations" => [:no_conversations] }
                    .fetch(family, []).find { |name| context.quirks.on?(name) }
            raise ApiError.unknown_url(context.request, context.quirks.option(quirk, :status, 404)) if quirk
          end

          # Azure's header is as good as OpenAI's.
          def check_key(context)
            headers = context.request.headers
            return if context.keyless || headers["authorization"].to_s.match?(/\ABearer +\S/i)

            raise ApiError.missing_key if headers["api-key"].to_s.strip.empty?
          end

          def check_beta(request)
            return if request.headers["openai-beta"].to_s.split(/[,;]\s*/).include?("assistants=v2")

            raise ApiError.missing_beta
          end
        end
      end
    end
  end
end
