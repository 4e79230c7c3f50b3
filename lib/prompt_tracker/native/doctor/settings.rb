# frozen_string_literal: true

module PromptTracker
  module Native
    class Doctor
      # What is set: the key, the server, the way to it.
      #
      # @api private
      module Settings
        # Of a proxy's URL, what may be secret.
        CREDENTIALS = %r{(?<=//)[^/@]*(?=@)}
        private_constant :CREDENTIALS

        private

        # Never shows any of it.
        def check_key
          return missing_key(key_place) unless key

          wrong = wrong_key(key)
          return problem("#{key_place} #{wrong}", "set it to the key alone, such as sk-…") if wrong

          said = "#{key_place} is set (#{key.length} characters)"
          return fine(said) if key.start_with?("sk-") || !openai?

          warning("#{said}, but does not begin as OpenAI's keys do", "check that it is the key of this server")
        end

        def openai?
          base_url? && base_url.match?(%r{\Ahttps://api\.openai\.com(?=[:/]|\z)}i)
        end

        # Where the service of this app looks for it: newer engines keep keys themselves.
        def key
          @key ||= Configuration::Snapshot.present(engine_keeps_keys? ? host.api_key_for(:openai) : Native.api_key)
        end

        def key_place
          engine_keeps_keys? ? "PromptTracker.configuration.api_key_for(:openai)" : Native.api_key_variable
        end

        def engine_keeps_keys?
          host.respond_to?(:api_key_for) && PromptTracker.const_defined?(:LlmClients, false)
        end

        def host
          PromptTracker.configuration
        end

        def missing_key(variable)
          return fine("no key is needed (require_api_key is false)") unless configuration.needs_api_key?
          return problem("#{variable} is blank", "give the engine a key in its configuration") if engine_keeps_keys?

          set = ENV.key?(variable) ? "blank" : "not set"
          problem("#{variable} is #{set}",
                  "export #{variable}=sk-…, or name another variable in " \
                  "PromptTracker.configuration.provider_api_key_env_vars[:openai_assistants]; a server that needs no " \
                  "key: require_api_key = false")
        end

        def wrong_key(key)
          case key.b
          when /\A["'].*["']\z/m then "stands in quotation marks"
          when /\ABearer\s/i then "begins with Bearer, which is added by itself"
          when /\s/ then "has white space in it"
          when /[^!-~]/n then "has characters in it that no key has"
          end
        end

        def check_server
          said = "#{base_url} (#{origin})"
          if base_url.start_with?("http://") && !loopback?
            return warning("#{said} is not encrypted: anyone on the way can read the key", "use https")
          end
          return fine(said) if base_url.match?(%r{/v\d+\b}) || !Shutdown.hosts?(base_url)

          warning("#{said} has no version in its path", "OpenAI's base URL ends in /v1")
        end

        def origin
          return "from the setting base_url" if configuration.snapshot[:base_url]

          Configuration::Snapshot.present(ENV.fetch("OPENAI_BASE_URL", nil)) ? "from OPENAI_BASE_URL" : "the default"
        end

        def check_proxy
          proxy = configuration.proxy_for(base_url)
          return no_proxy if proxy.empty?

          hosts = configuration.no_proxy
          past = hosts.empty? ? "" : "; not for #{hosts}"
          fine("#{proxy.sub(CREDENTIALS, "[hidden]")}#{past}")
        end

        def no_proxy
          plain = base_url.start_with?("http://")
          return fine("none") unless plain && Configuration::Snapshot.present(ENV.fetch("HTTP_PROXY", nil))

          warning("none: HTTP_PROXY in capitals is not read, as any web request could set it",
                  "use http_proxy in small letters")
        end

        def check_certificates
          return skipped("not used: #{base_url} is not https") unless base_url.match?(/\Ahttps:/i)
          return unverified unless configuration.verify_tls

          file = configuration.ca_file
          folder = configuration.ca_path
          return fine("verified by #{[file, folder].compact.join(" and ")}") if file || folder

          default_certificates(Native.libcurl[:ca_file])
        end

        def unverified
          warning("not verified (verify_tls is false): anyone on the way can read the key",
                  "trust a certificate of your own by SSL_CERT_FILE instead")
        end

        def default_certificates(file)
          return fine("verified by #{file || "the system's own"}") if file.nil? || File.readable?(file)

          problem("#{file}, libcurl's bundle of certificates, is not there",
                  "install the package ca-certificates, or name a bundle in SSL_CERT_FILE")
        end
      end
    end
  end
end
