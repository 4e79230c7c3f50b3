# frozen_string_literal: true

require "json"

# The schemas of OpenAI's API document, which lies beside the checkout; PTN_SHARED names another place.
module OpenAPI
  FILE = File.join(ENV["PTN_SHARED"] || File.expand_path("../../../../shared", __dir__), "openai/openapi.json")

  class << self
    # @return [String, nil] why schemas can't be compared here
    def missing
      "OpenAI's API document is not at #{FILE} (PTN_SHARED names its folder)" unless File.file?(FILE)
    end

    # @return [Array<String>] the fields of a schema
    def fields(name)
      schemas.fetch(name).fetch("properties").keys
    end

    # @return [Array<String>] what is wrong with an object
    def problems(name, object)
      checked(name).validate(JSON.parse(JSON.generate(object))).map { |problem| problem["error"] }
    end

    private

    def schemas
      document.fetch("components").fetch("schemas")
    end

    def document
      @document ||= JSON.parse(File.read(FILE))
    end

    def checked(name)
      @checked ||= {}
      @checked[name] ||= (@openapi ||= JSONSchemer.openapi(document)).schema(name)
    end
  end
end

# Skips an example that needs the document.
module OpenAPIExamples
  def need_openapi(validator: false)
    skip OpenAPI.missing if OpenAPI.missing
    require "json_schemer" if validator
  rescue LoadError
    skip "the json_schemer gem is not installed"
  end

  # Where the document is at hand, the object must be as its schema has it.
  def expect_valid(schema, object)
    return if OpenAPI.missing || !validator?

    expect(OpenAPI.problems(schema, object)).to eq([])
  end

  private

  def validator?
    require "json_schemer"
    true
  rescue LoadError
    false
  end
end
