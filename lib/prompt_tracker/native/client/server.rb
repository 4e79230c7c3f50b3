# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # Where a client's server is, and how the client says there who it is. Azure has its own way of both.
      #
      # @api private
      module Server
        # Hosts of Azure's.
        AZURE = %r{\Ahttps?://[^/]+\.(?:openai\.azure\.com|cognitiveservices\.azure\.com|
                   services\.ai\.azure\.com)(?=[:/]|\z)}ix
        # Azure's API without an `api-version`, the one that has Responses.
        AZURE_PATH = "/openai/v1"
        # What a base URL is without a path, or with the beginning of Azure's.
        AZURE_BEGINNING = %r{\Ahttps?://[^/]+(?:/openai)?\z}i

        private_constant :AZURE, :AZURE_PATH, :AZURE_BEGINNING

        private

        def api_version_of(value)
          value = value.nil? ? "v1" : value.to_s
          return value if value.match?(/\A[\w.-]+\z/)

          raise ArgumentError, "api_version must be like \"v1\" or, for Azure, \"2024-05-01-preview\""
        end

        # A base given here may lack its version, as in ruby-openai; the configured one is whole.
        def place(given, settings)
          @uri_base = Configuration::Check.base_url(:uri_base, given) || settings.base_url
          @base_url = given.nil? ? @uri_base : completed(@uri_base)
        end

        def completed(base)
          if azure?
            # Where the caller says that it is Azure, the path is the caller's too.
            return base unless @api_type.nil? && base.match?(AZURE_BEGINNING)

            base.sub(%r{(?:/openai)?\z}i, AZURE_PATH)
          else
            base.include?(@api_version) ? base : "#{base}/#{@api_version}"
          end
        end

        def azure_host?
          AZURE.match?(@uri_base)
        end

        # What every request to Azure carries, but those to its newer paths.
        def version_query
          return if !azure? || (@api_version == "v1" && @base_url.end_with?(AZURE_PATH))

          { "api-version" => @api_version }
        end

        def identify(config, settings)
          @access_token = given(:access_token, config)
          @access_token ||= Native.api_key_to_send if config[:uri_base].nil?
          @admin_token = given(:admin_token, config)
          @organization_id = given(:organization_id, config) || settings.organization
          @project_id = given(:project_id, config) || settings.project
        end

        # A blank text counts as none: apps give the value of a variable that may not be set.
        def given(name, config)
          value = config[name]
          Configuration::Check.optional_string(name, value) unless value.is_a?(String) && value.b.strip.empty?
        end

        # Every body is JSON, and the transport says so itself.
        def headers
          own = if azure?
                  { "api-key" => @access_token }
                else
                  { "Authorization" => @access_token && "Bearer #{@access_token}",
                    "OpenAI-Organization" => @organization_id, "OpenAI-Project" => @project_id }
                end
          joined(own.compact, @extra_headers).reject { |name, _| name.casecmp?("Content-Type") }
        end

        # Header names are the same in small and in capital letters.
        def joined(headers, more)
          names = more.keys.map(&:downcase)
          headers.reject { |name, _| names.include?(name.downcase) }.merge(more).freeze
        end
      end
    end
  end
end
