# frozen_string_literal: true

module OpenAI
  # What the resources of the Assistants API share: each asks with the gem's own errors, which it knows how to explain,
  # and raises Faraday's.
  #
  # @api private
  module AssistantsResource
    Failures = PromptTracker::Native::RubyOpenai::Failures

    # Everything that is asked of the object behind it, with Faraday's errors.
    class Turning < BasicObject
      def initialize(object)
        @object = object
      end

      def method_missing(...) # rubocop:disable Style/MissingRespondToMissing -- only the verbs are asked for
        Failures.guard { @object.public_send(...) }
      end
    end

    def initialize(client:)
      super(client: client.respond_to?(:native) ? client.native : client)
    end

    private

    def ask(...)
      Failures.guard { super(...) }
    end

    def classic
      Turning.new(super)
    end
  end
  private_constant :AssistantsResource

  native = PromptTracker::Native::Client
  %i[Assistants Messages RunSteps Runs Threads].each do |name|
    const_set(name, Class.new(native.const_get(name)) { include AssistantsResource })
  end
  %i[Conversations Files Models Responses VectorStoreFileBatches VectorStoreFiles VectorStores].each do |name|
    const_set(name, Class.new(native.const_get(name)))
  end
end
