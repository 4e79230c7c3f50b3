# frozen_string_literal: true

module PromptTracker
  module Native
    class Railtie
      # Modules of the app that decorate the services. The services outlive a reload and their decorators don't: what
      # `to_prepare` prepends then would stand beside what it prepended before, and each would act. So when a
      # decorator is unloaded its methods are taken out of it.
      #
      # @api private
      class Decorators
        # @param classes [Array<Class>] which may be decorated
        def initialize(classes)
          @decorated = classes.flat_map { |klass| [klass, klass.singleton_class] }
          @own = ancestors
        end

        # @param autoloader [Zeitwerk::Loader]
        def watch(autoloader)
          autoloader.on_unload { |name, value, _path| retire(name, value) }
        end

        # @param name [String] of the constant that is unloaded
        # @param value [Object] what it was
        def retire(name, value)
          (ancestors - @own).each do |decorator|
            next if decorator.is_a?(Class)

            empty(decorator) if decorator.equal?(value) || decorator.name.to_s.start_with?("#{name}::")
          end
        end

        private

        def ancestors
          @decorated.flat_map(&:ancestors).uniq
        end

        def empty(decorator)
          methods = decorator.instance_methods(false) + decorator.private_instance_methods(false)
          methods.each { |method| decorator.send(:remove_method, method) }
        end
      end
    end
  end
end
