# frozen_string_literal: true

module OpenAI
  # What {Client}s are made with where they are not told otherwise. See {Client#initialize}.
  class Configuration
    DEFAULT_API_VERSION = "v1"
    DEFAULT_URI_BASE = "https://api.openai.com/"
    DEFAULT_REQUEST_TIMEOUT = 120
    DEFAULT_LOG_ERRORS = false

    SECRET = %i[access_token admin_token extra_headers organization_id].freeze
    private_constant :SECRET

    attr_accessor :access_token, :admin_token, :api_type, :api_version, :extra_headers, :log_errors, :organization_id
    attr_writer :request_timeout, :uri_base

    def initialize
      @api_version = DEFAULT_API_VERSION
      @log_errors = DEFAULT_LOG_ERRORS
      @extra_headers = {}
    end

    # @return [Numeric] seconds
    def request_timeout
      @request_timeout || DEFAULT_REQUEST_TIMEOUT
    end

    # @return [String]
    def uri_base
      @uri_base || DEFAULT_URI_BASE
    end

    # What a {Client} is made with. What nobody has set is nil here: the gem's own settings have a say in it.
    #
    # @api private
    # @return [Hash{Symbol => Object}]
    def to_h
      headers = extra_headers.dup unless extra_headers.nil? || extra_headers.empty?
      { access_token: access_token, admin_token: admin_token, api_type: api_type, api_version: api_version,
        extra_headers: headers, log_errors: log_errors, organization_id: organization_id,
        request_timeout: @request_timeout, uri_base: @uri_base }
    end

    # @return [String] without keys and headers
    def inspect
      shown = { **to_h, request_timeout: request_timeout, uri_base: uri_base }.map do |name, value|
        hidden = SECRET.include?(name) && !value.nil? && !value.empty?
        "#{name}=#{hidden ? "[hidden]" : value.inspect}"
      end
      "#<#{self.class} #{shown.join(", ")}>"
    end
    alias to_s inspect
  end
end
