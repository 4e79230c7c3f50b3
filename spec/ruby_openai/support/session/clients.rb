# frozen_string_literal: true

# Clients, and what they are made with.
module Session
  READERS = %i[access_token admin_token api_type api_version extra_headers log_errors organization_id request_timeout
               uri_base azure?].freeze

  def self.readers(client) = READERS.to_h { |name| [name.to_s, client.public_send(name)] }

  step("clients", "defaults") { readers(OpenAI::Client.new(access_token: KEY)) }
  step("clients", "from keywords") do
    readers(OpenAI::Client.new(access_token: KEY, uri_base: "https://oai.hconeai.com/", request_timeout: 240,
                               organization_id: "org-1", extra_headers: { "X-A" => "b" }, log_errors: true,
                               api_type: :azure, api_version: "2024-05-01", admin_token: "admin"))
  end
  step("clients", "from the configuration") do
    before = OpenAI.configuration
    OpenAI.configuration = OpenAI::Configuration.new
    given = OpenAI.configure do |config|
      config.access_token = KEY
      config.uri_base = url
      config.organization_id = "org-2"
      config.extra_headers = { "X-Team" => "search" }
      config.request_timeout = 30
      :value
    end
    [given, readers(OpenAI::Client.new), readers(OpenAI::Client.new(organization_id: "org-3")),
     OpenAI::Client.new.models.list.keys]
  ensure
    OpenAI.configuration = before
  end
  step("clients", "the configuration's defaults") do
    names = %i[access_token admin_token api_type api_version log_errors organization_id uri_base request_timeout
               extra_headers]
    names.to_h { |name| [name.to_s, OpenAI::Configuration.new.public_send(name)] }
  end
  step("clients", "headers") do
    one = client(organization_id: "org-9", extra_headers: { "X-Proxy" => "a", "OpenAI-Organization" => "org-x" })
    one.models.list
    one.add_headers("X-Later": "c")
    one.models.list
    # A new client, as ruby-openai's copies share the resources that the original has made.
    client.beta(assistants: "v9", tools: "v1").models.list
    [one.models.list.keys, one.extra_headers]
  end
  step("clients", "Azure") do
    one = client(api_type: :azure, api_version: "2024-05-01-preview", uri_base: url)
    [one.get(path: "/models").keys, one.json_post(path: "/threads", parameters: {}).keys]
  end
  step("clients", "a base without its version") { client(uri_base: url.delete_suffix("/v1")).models.list.keys }
  step("clients", "a base with a slash") { client(uri_base: "#{url}/").models.list.keys }
  step("clients", "no admin token") { client.admin }
  step("clients", "an admin token") do
    admin = client(admin_token: "sk-admin-0123456789").admin
    [admin.access_token, admin.models.list.keys]
  end
  step("clients", "no key in what they show") do
    text = client(admin_token: "sk-admin-0123456789", extra_headers: { "X-Key" => "secret-value" }).inspect
    [KEY, "sk-admin-0123456789", "secret-value"].map { |secret| text.include?(secret) }
  end
  step("clients", "tokens of a text") do
    ["", "a", "The food was delicious and the waiter was very friendly.", "x" * 1000, "a b " * 99]
      .map { |text| OpenAI.rough_token_count(text) }
  end
  step("clients", "tokens of something else") { OpenAI.rough_token_count(3) }
  step("clients", "one resource for each name") { client.then { |one| one.threads.equal?(one.threads) } }
end
