# frozen_string_literal: true

require "uri"
require_relative "../shutdown"

module PromptTracker
  module Native
    class CLI
      # The assistants of a server, page by page.
      #
      # @api private
      class RemoteAssistants
        PAGE = 100
        # Far more pages than anyone has; a server that never ends is left.
        MOST_PAGES = 1000
        OPENAI = /(?:\A|\.)openai\.com\z/i
        GONE = [404, 410].freeze

        private_constant :PAGE, :MOST_PAGES, :OPENAI, :GONE

        # @param url [String] the base URL, with its /v1
        # @param key_variable [String, nil] the environment variable that holds the key
        # @raise [Failure]
        def initialize(url, key_variable)
          url = Configuration::Check.base_url("--from", url)
          @host = URI(url).host.to_s
          @key = key(key_variable)
          client = Client.new(uri_base: url, access_token: @key)
          @shut_down = Shutdown.hosts?(url)
          client.add_headers("api-key" => @key) if azure? && @key
          @client = client.beta(assistants: Client::Resource::BETA_VERSION)
        end

        # @return [Array<Hash{String => Object}>]
        # @raise [Failure]
        def to_a
          found = {}
          MOST_PAGES.times do
            page = page(found.keys.last)
            data = assistants(page)
            new = data.reject { |assistant| found.key?(assistant["id"]) }
            new.each { |assistant| found[assistant["id"]] = assistant }
            break if new.empty? || !more?(page, data)
          end
          found.values
        end

        private

        # A key of OpenAI's is for OpenAI: to no other server it goes by itself.
        def key(variable)
          variable ||= Native.api_key_variable if @host.match?(OPENAI)
          return unless variable

          key = Configuration::Snapshot.present(ENV.fetch(variable, nil))
          key or raise Failure, "#{variable} environment variable not set"
        end

        def page(after)
          @client.get(path: "/assistants", parameters: { limit: PAGE, order: "asc", after: after })
        rescue HTTPError => e
          raise Failure, gone if GONE.include?(e.status) && @shut_down
          raise Failure, "#{e.message}: name the variable with the server's key with --key-env" if e.status == 401

          raise
        end

        def azure?
          @shut_down && !@host.match?(OPENAI)
        end

        def gone
          "#{@host} has no assistants any more: the Assistants API was shut down on #{Shutdown::DATE}, and what it " \
            "held can't be read there. The definitions may still be in the PromptTracker engine's records " \
            "(definitions export without --from, in the app's folder) or in your own notes (definitions new asst_… " \
            "writes a template)"
        end

        def assistants(page)
          data = page["data"] if page.is_a?(Hash)
          data = page if page.is_a?(Array)
          return data if data.is_a?(Array) && data.all? { |one| one.is_a?(Hash) && one["id"].is_a?(String) }

          raise Failure, "#{@host} did not answer with a list of assistants: is the URL right, with its /v1?"
        end

        # Where a server doesn't say whether there is more, a full page says that there may be.
        def more?(page, data)
          return false unless page.is_a?(Hash)

          page.key?("has_more") ? page["has_more"] == true : data.size >= PAGE
        end
      end
    end
  end
end
