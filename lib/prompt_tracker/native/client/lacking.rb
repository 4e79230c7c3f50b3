# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      # What ruby-openai's client has and this one has not: each raises NotImplementedError and says what to do.
      module Lacking
        # @!method audio
        #   @raise [NotImplementedError]
        # @!method batches
        #   @raise [NotImplementedError]
        # @!method finetunes
        #   @raise [NotImplementedError]
        # @!method images
        #   @raise [NotImplementedError]
        # @!method realtime
        #   @raise [NotImplementedError]
        # @!method usage
        #   @raise [NotImplementedError]
        %i[audio batches finetunes images realtime usage].each do |name|
          define_method(name) { raise NotImplementedError, lacking(name) }
        end

        # @raise [NotImplementedError]
        def completions(parameters: {})
          raise NotImplementedError, lacking(:completions)
        end

        # @raise [NotImplementedError]
        def embeddings(parameters: {})
          raise NotImplementedError, lacking(:embeddings)
        end

        # @raise [NotImplementedError]
        def moderations(parameters: {})
          raise NotImplementedError, lacking(:moderations)
        end

        private

        def lacking(name)
          "PromptTracker::Native::Client has no `#{name}`: keep the ruby-openai gem for it (OpenAI::Client##{name}), " \
            "and set replace_openai = false in PromptTracker::Native.configure"
        end
      end
    end
  end
end
