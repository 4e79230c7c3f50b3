# frozen_string_literal: true

require "openssl"
require "tempfile"

module Faults
  # A certificate with its key.
  class Certificate
    HOUR = 3600

    attr_reader :key, :cert

    # @param issuer [Certificate, nil] nil: it signs itself
    # @param authority [Boolean] may it sign others?
    # @param names [String] of the server, as OpenSSL writes alternative names
    # @param from [Numeric] seconds from now; to: likewise
    def initialize(name, issuer: nil, authority: false, names: "IP:127.0.0.1,DNS:localhost", from: -HOUR, to: HOUR)
      @key = OpenSSL::PKey::EC.generate("prime256v1")
      @cert = OpenSSL::X509::Certificate.new
      describe(name, issuer, from, to)
      extend_with(issuer, authority ? { "basicConstraints" => "CA:TRUE" } : { "subjectAltName" => names })
      @cert.sign((issuer || self).key, "SHA256")
    end

    # @param chain [Array<Certificate>] what the server sends after it
    # @return [OpenSSL::SSL::SSLContext] a server's
    def context(chain: [], protocols: nil)
      OpenSSL::SSL::SSLContext.new.tap do |context|
        context.add_certificate(cert, key, chain.map(&:cert))
        context.alpn_protocols = protocols if protocols
        context.alpn_select_cb = ->(offered) { (protocols & offered).first } if protocols
      end
    end

    # @return [String] the path of a file with it, for SSL_CERT_FILE
    def file
      @file ||= Tempfile.new(["ca", ".pem"]).tap { |file| file.write(cert.to_pem) && file.close }
      @file.path
    end

    private

    def describe(name, issuer, from, to)
      @cert.version = 2
      @cert.serial = rand(1..(2**64))
      @cert.subject = OpenSSL::X509::Name.new([["CN", name]])
      @cert.issuer = issuer ? issuer.cert.subject : @cert.subject
      @cert.public_key = @key
      @cert.not_before = Time.now + from
      @cert.not_after = Time.now + to
    end

    def extend_with(issuer, extensions)
      factory = OpenSSL::X509::ExtensionFactory.new(issuer&.cert || @cert, @cert)
      extensions.each { |name, value| @cert.add_extension(factory.create_extension(name, value, name[0] == "b")) }
    end
  end

  # Those that the specs use.
  module Certificates
    module_function

    def authority = @authority ||= Certificate.new("Fault CA", authority: true)

    def good = @good ||= Certificate.new("good", issuer: authority)
  end
end
