# frozen_string_literal: true

module PromptTracker
  module Native
    # Lets something in this process see each request before it goes out, and answer in the server's place: WebMock (and
    # VCR through it), and the helpers for specs. While nothing is added, no request comes by here.
    #
    # An interceptor is any object with these methods, all called on the thread that makes the request:
    #
    #   answer(request)            # an Answer; an exception, raised in the network's place; nil: the others are asked,
    #                              # and then it goes out; PASS: it goes out, whatever the others would say
    #   observe(request, answer)   # it went out, and this is what a real server said
    #   repeats?(request)          # it was answered here, and failed: could asking again give another answer?
    #   refusal?(error)            # does its answer raise that for a request that must not be made?
    #   classic?                   # are calls to make the requests of the classic flow, unless told otherwise?
    #
    # @api private
    class Interception
      autoload :Answer, "prompt_tracker/native/interception/answer"
      autoload :Request, "prompt_tracker/native/interception/request"
      autoload :Ticket, "prompt_tracker/native/interception/ticket"

      # See above.
      PASS = :pass

      LOCK = Mutex.new
      private_constant :LOCK

      class << self
        # @param interceptor [Object] asked after those that are there already
        # @param first [Boolean] asked before them
        def add(interceptor, first: false)
          change { |list| first ? [interceptor, *(list - [interceptor])] : list | [interceptor] }
        end

        # @param interceptor [Object] that is there, or not
        def remove(interceptor)
          change { |list| list - [interceptor] }
        end

        private

        def change
          LOCK.synchronize do
            list = yield(@list || [])
            @list = list
            Native.interceptor = list.empty? ? nil : new(list.freeze)
          end
        end
      end

      def initialize(interceptors)
        @interceptors = interceptors
      end

      # What the extension calls for each request.
      #
      # @return [Ticket]
      def intercept(...)
        Ticket.new(Request.new(...), @interceptors)
      end

      # @return [Boolean] whether calls that nothing else is configured for make the classic requests
      def classic?
        settings = Native.configuration
        settings.api == :auto && settings.flow.nil? && @interceptors.any?(&:classic?)
      end
    end

    # Puts the adapter for WebMock in place. WebMock may be loaded before this gem or after it: the extension calls this
    # as soon as there is such a constant.
    #
    # @api private
    # @return [Boolean] false where that constant isn't a WebMock that is loaded as a whole
    def self.hook_into_webmock
      return false if Object.autoload?(:WebMock) || !defined?(::WebMock)
      return false unless %i[HttpLibAdapterRegistry StubRegistry].all? { |name| ::WebMock.const_defined?(name, false) }
      return false unless ::WebMock.respond_to?(:net_connect_allowed?)

      require_relative "webmock/adapter"
      true
    end
  end
end
