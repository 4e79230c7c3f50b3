# frozen_string_literal: true

require "json"
require "open3"
require "rbconfig"
require "prompt_tracker/native"

# What code that was written for ruby-openai counts on. These are facts about its versions 7.4.0 and 8.3.0.
RSpec.describe PromptTracker::Native::Client do
  id = %i[keyreq id]
  thread_id = %i[keyreq thread_id]
  run_id = %i[keyreq run_id]
  response_id = %i[keyreq response_id]
  conversation_id = %i[keyreq conversation_id]
  parameters = %i[key parameters]
  store = %i[keyreq vector_store_id]
  path = %i[keyreq path]

  resources = {
    "threads" => { retrieve: [id], create: [parameters], modify: [id, parameters], delete: [id] },
    "messages" => { list: [thread_id, parameters], retrieve: [thread_id, id], create: [thread_id, parameters],
                    modify: [thread_id, id, parameters], delete: [thread_id, id] },
    "runs" => { list: [thread_id, parameters], retrieve: [thread_id, id],
                create: [thread_id, parameters, %i[key query_parameters]], modify: [id, thread_id, parameters],
                cancel: [id, thread_id], create_thread_and_run: [parameters],
                submit_tool_outputs: [thread_id, run_id, parameters] },
    "run_steps" => { list: [thread_id, run_id, parameters], retrieve: [thread_id, run_id, id, parameters] },
    "assistants" => { list: [], retrieve: [id], create: [parameters], modify: [id, parameters], delete: [id] },
    # Of 7.4.0's, retrieve and content have no parameters.
    "files" => { list: [parameters], upload: [parameters], retrieve: [id, parameters], content: [id, parameters],
                 delete: [id] },
    # 7.4.0 has no search.
    "vector_stores" => { list: [parameters], retrieve: [id], create: [parameters], modify: [id, parameters],
                         delete: [id], search: [id, parameters] },
    "vector_store_files" => { list: [store, parameters], retrieve: [store, id], create: [store, parameters],
                              delete: [store, id] },
    "vector_store_file_batches" => { list: [store, id, parameters], retrieve: [store, id],
                                     create: [store, parameters], cancel: [store, id] },
    # 7.4.0 has neither of these two.
    "responses" => { create: [parameters], retrieve: [response_id], delete: [response_id],
                     input_items: [response_id, parameters] },
    "conversations" => { retrieve: [id], create: [parameters], modify: [id, parameters], delete: [id],
                         create_items: [conversation_id, parameters], list_items: [conversation_id, parameters],
                         get_item: [conversation_id, %i[keyreq item_id]],
                         delete_item: [conversation_id, %i[keyreq item_id]] },
    # 7.4.0 has no delete.
    "models" => { list: [], retrieve: [id], delete: [id] }
  }
  own = {
    access_token: [], admin_token: [], api_type: [], api_version: [], extra_headers: [], faraday_middleware: [],
    log_errors: [], organization_id: [], request_timeout: [], uri_base: [],
    admin: [], azure?: [], beta: [%i[req apis]], add_headers: [%i[req headers]], inspect: [],
    chat: [parameters], completions: [parameters], embeddings: [parameters], moderations: [parameters],
    get: [path, parameters], post: [path], json_post: [path, %i[keyreq parameters], %i[key query_parameters]],
    delete: [path], multipart_post: [path, parameters]
  }
  lacking = %i[audio batches finetunes images realtime usage]
  # What ruby-openai has not.
  more = { "responses" => { cancel: [response_id] },
           "conversations" => { update: [id, parameters], items: [conversation_id, parameters] } }

  let(:client) { described_class.new(access_token: "key-for-specs") }

  it "is made of a Hash or keywords, and a block" do
    expect(described_class.instance_method(:initialize).parameters)
      .to eq([%i[opt config], %i[block faraday_middleware]])
  end

  own.each do |name, expected|
    it "has ##{name} with ruby-openai's arguments" do
      expect(client.public_method(name).parameters).to eq(expected)
    end
  end

  resources.each do |resource, methods|
    it "has the methods of ##{resource}, with ruby-openai's arguments" do
      object = client.public_send(resource)
      methods = methods.merge(more.fetch(resource, {}))
      expect(object.public_methods(false) - [:initialize]).to match_array(methods.keys)
      expect(methods.keys.to_h { |name| [name, object.method(name).parameters] }).to eq(methods)
    end
  end

  lacking.each do |name|
    it "says what to do for ##{name}" do
      expect(client.method(name).parameters).to eq([])
      expect { client.public_send(name) }.to raise_error(NotImplementedError, /no `#{name}`: keep the ruby-openai gem/)
    end
  end

  %i[completions embeddings moderations].each do |name|
    it "says what to do for ##{name}" do
      expect { client.public_send(name, parameters: { input: "x" }) }
        .to raise_error(NotImplementedError, /no `#{name}`: keep the ruby-openai gem/)
    end
  end

  # In a process of its own, so that no other spec sees its constants.
  it "is as the installed ruby-openai has it" do
    begin
      Gem::Specification.find_by_name("ruby-openai")
    rescue Gem::MissingSpecError
      skip "ruby-openai is not in the bundle"
    end
    out, status = Open3.capture2(RbConfig.ruby, "-", stdin_data: <<~RUBY)
      require "openai"
      require "json"
      client = OpenAI::Client.new(access_token: "key")
      signatures = lambda { |object, names| names.to_h { |name| [name, object.method(name).parameters] } }
      puts JSON.generate(
        version: OpenAI::VERSION,
        client: signatures.(client, OpenAI::Client.public_instance_methods(false) + OpenAI::HTTP.public_instance_methods +
                                    OpenAI::HTTPHeaders.public_instance_methods(false)),
        resources: #{resources.keys}.to_h { |name|
          resource = client.public_send(name)
          [name, signatures.(resource, resource.class.public_instance_methods(false))]
        }
      )
    RUBY
    expect(status).to be_success
    theirs = JSON.parse(out)

    ours = JSON.parse(JSON.generate(
                        client: theirs["client"].keys.to_h do |name|
                          [name, client.respond_to?(name) ? client.method(name).parameters : "missing"]
                        end,
                        resources: theirs["resources"].to_h do |name, methods|
                          [name, methods.keys.to_h { |m| [m, client.public_send(name).method(m).parameters] }]
                        end
                      ))
    # Writers name their one argument as they like.
    [ours, theirs].each { |table| table["client"].delete("access_token=") }
    expect(ours).to eq(theirs.slice("client", "resources"))
  end
end
