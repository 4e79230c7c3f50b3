# frozen_string_literal: true

module PromptTracker
  module Native
    class Doctor
      # One request, as calls make theirs: through the gem's own transport, to the same place by the same way.
      #
      # @api private
      module Connection
        # By the beginnings of the transport's messages.
        ADVICE = {
          "could not resolve the host name" => "check the host in the base URL, and the network's name server",
          "could not connect through the proxy" => "check the proxy variables, or name the host in no_proxy",
          "could not connect in time" => "a firewall may drop the packets, or a proxy be needed: set https_proxy",
          "could not connect" => "nothing listens there, or a firewall refuses: check the base URL's host and port",
          "the TLS handshake" => "trust the certificate's issuer by SSL_CERT_FILE; a port that does not speak TLS " \
                                 "needs http:// in the base URL",
          "could not read the CA" => "name a bundle that is there in SSL_CERT_FILE",
          "the time given was over" => "the server is slow, or a proxy or firewall holds the request: try again with " \
                                       "a longer timeout"
        }.freeze
        STATUSES = {
          401 => "the server refuses the key: check that it is valid, and for this server",
          403 => "the key is known, but may not do this: check its permissions and its project",
          404 => "the base URL's path may be wrong (OpenAI's ends in /v1)",
          407 => "the proxy wants a user and password: http://user:password@host:port"
        }.freeze
        # libcurl doesn't say which of the two it could not connect to.
        PROXY_REFUSES = "nothing listens where the proxy should be (or, if no_proxy names it, the host): check the " \
                        "proxy variables, or name the host in no_proxy"
        # libcurl counts a handshake that fails among the failures to connect.
        HANDSHAKE = /\Acould not connect: .*(?:SSL|TLS)/
        private_constant :ADVICE, :STATUSES, :HANDSHAKE, :PROXY_REFUSES

        private

        def check_network
          return skipped("not tried") unless @network
          return skipped("not tried: requests are answered in the server's place") if Native.interceptor
          return skipped("not tried: there is no key") if key.nil? && configuration.needs_api_key?

          start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
          answer = Client.new(access_token: key).probe(@timeout)
          took = (Process.clock_gettime(Process::CLOCK_MONOTONIC) - start) * 1000
          fine("GET #{base_url}/models: HTTP #{answer.status} in #{took.round} ms")
        rescue HTTPError => e
          said_no(e)
        rescue ConnectionError, ConfigurationError, AnswerError => e
          problem(e.message, advice(e.message))
        end

        def advice(message)
          return ADVICE.fetch("the TLS handshake") if message.match?(HANDSHAKE)
          return PROXY_REFUSES if message.start_with?("could not connect:") && !configuration.proxy_for(base_url).empty?

          ADVICE.find { |start, _| message.start_with?(start) }&.last || "see what it says"
        end

        def said_no(error)
          status = error.status
          return problem(error.message, "the account has no credit left") if error.code == "insufficient_quota"
          return redirected(error) if status < 400
          return no_list(error) if [404, 405].include?(status) && !Shutdown.hosts?(base_url)
          return problem(error.message, STATUSES.fetch(status)) if STATUSES.key?(status)

          warning(error.message,
                  status == 429 || status >= 500 ? "the server is there; try again later" : "see what it says")
        end

        def redirected(error)
          problem(error.message, "set base_url to where the server redirects to")
        end

        # Servers need not list their models.
        def no_list(error)
          fine("reached, although it lists no models (HTTP #{error.status})")
        end
      end
    end
  end
end
