# frozen_string_literal: true

module PromptTracker
  module Native
    module WebMock
      # A request as WebMock knows it. Stubs that were made from WebMock's own suggestion name headers that say nothing
      # of the request, only which library sent it: those are taken to be as the stub has them.
      #
      # @api private
      module LibraryHeaders
        NAMES = %w[Accept Accept-Encoding User-Agent].freeze
        # ruby-openai says what type a body has also where there is none.
        TYPE = "Content-Type"
        private_constant :NAMES, :TYPE

        class << self
          # @param request [Interception::Request]
          # @return [WebMock::RequestSignature]
          def signature(request)
            plain = build(request, request.headers)
            names = request.body ? NAMES : [*NAMES, TYPE]
            ::WebMock::StubRegistry.instance.request_stubs.each do |stub|
              named = wanted(stub).slice(*names).select { |_, value| value.is_a?(String) }
              next if named.empty?

              like_it = build(request, request.headers.merge(named))
              return like_it if stub.matches?(like_it)
            end
            plain
          end

          private

          def build(request, headers)
            ::WebMock::RequestSignature.new(request.verb.downcase.to_sym, request.url,
                                            body: request.body, headers: headers)
          end

          # The headers that a stub names.
          def wanted(stub)
            pattern = stub.request_pattern.headers_pattern
            pattern&.instance_variable_get(:@pattern) || {}
          end
        end
      end
    end
  end
end
