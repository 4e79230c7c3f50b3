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

      # Where their methods are defined that Ruby defines.
      SOURCE = File.expand_path("services.rb", __dir__)
      private_constant :SOURCE

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

        # Whether an assistant's call is just what the gem defines, so that a batch may make it in two steps. A stub, a
        # decorator or a subclass's own `call` is called as a whole.
        #
        # @api private
        # @param service [Class] that call_many was called on
        # @return [Boolean]
        def plain?(service)
          assistants = [OpenaiAssistantService, service].reject { |kind| kind <= LlmClientService }
          [service, *assistants].all? { |kind| defined_here?(kind.method(:call)) } &&
            assistants.all? { |kind| kind.instance_method(:call).source_location.nil? } # C has none
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

        def defined_here?(call)
          call.source_location&.first == SOURCE && call.owner.singleton_class?
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
