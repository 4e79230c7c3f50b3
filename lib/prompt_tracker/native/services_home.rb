# frozen_string_literal: true

module PromptTracker
  module Native
    # Where the gem's two services stand: in PromptTracker, in the place of the host's; or, where the host keeps its
    # own, only here. Their names here are the same classes always.
    #
    # @example Where `replace_services` is false
    #   PromptTracker::Native::Services::OpenaiAssistantService.call(assistant_id: "asst_abc123", prompt: "Hello!")
    module Services
      # What the services are called.
      NAMES = %i[OpenaiAssistantService LlmClientService].freeze

      class << self
        # @return [Module, nil] where the services were defined; nil before that
        attr_reader :home

        # Defines both services, once.
        #
        # @api private
        # @param home [Module] {PromptTracker} or this module
        # @return [nil]
        # @raise [ConfigurationError] where another class stands there already
        def define(home = PromptTracker)
          return if @home

          NAMES.each { |name| make_sure_of_room(home, name) }
          Native.send(:define_services, home)
          NAMES.each { |name| const_set(name, home.const_get(name, false)) } unless home.equal?(self)
          @home = home
          require_relative "services"
          @as_defined = NAMES.map { |name| const_get(name, false) }.to_h { |kind| [kind, methods_of(kind)] }.freeze
        end

        # Leaves the host's names to the host, where the services were defined before Rails was there.
        #
        # @api private
        # @return [nil]
        def withdraw
          return define(self) unless @home

          NAMES.each { |name| @home.send(:remove_const, name) } unless @home.equal?(self)
          @home = self
          nil
        end

        # Whether an assistant's call is just what the gem defines, so that a batch may make it in two steps. The first
        # is no place for code of the app's: stubs, decorators and subclasses with methods of their own are called as a
        # whole.
        #
        # @api private
        # @param service [Class] that call_many was called on
        # @return [Boolean]
        def plain?(service)
          base = service <= LlmClientService ? LlmClientService : OpenaiAssistantService
          [base, OpenaiAssistantService].all? { |kind| methods_of(kind) == @as_defined.fetch(kind) } &&
            methods_of(service).map(&:owner) == methods_of(base).map(&:owner)
        end

        # Methods of two classes would get mixed up in one. Asked without loading what is to be autoloaded.
        #
        # @api private
        # @raise [ConfigurationError]
        def make_sure_of_room(home, name)
          return unless home.const_defined?(name, false)

          raise ConfigurationError, "#{home}::#{name} is already there, #{described(home, name)}, and the gem's " \
                                    "can't be put in its place. Load prompt_tracker/native before it, or remove it. " \
                                    "In a Rails app: have the gem in the Gemfile without `require: false`; " \
                                    "replace_services = false keeps the app's own"
        end

        private

        # All that a call goes through before its first request.
        def methods_of(kind)
          inner = kind <= OpenaiAssistantService ? %i[initialize build_client access_token client call] : []
          %i[call new].map { |name| kind.singleton_class.instance_method(name) } +
            inner.map { |name| kind.instance_method(name) }
        end

        def described(home, name)
          path = home.autoload?(name, false)
          return "to be autoloaded from #{path}" if path

          file, line = home.const_source_location(name, false)
          there = home.const_get(name, false)
          kind = there.is_a?(Class) ? "a subclass of #{there.superclass}" : "no class but a #{there.class}"
          "#{kind}#{" defined in #{file}:#{line}" if file}"
        end
      end
    end
  end
end
