# frozen_string_literal: true

module PromptTracker
  module Native
    class Railtie
      # The services before they are defined: where there is no app whose initializers would do so, they are on first
      # use; else it is said when they will be.
      #
      # @api private
      module BeforeTakeover
        def const_missing(name)
          return super if Services.home || !Services::NAMES.include?(name)

          if ::Rails.respond_to?(:app_class) && ::Rails.app_class
            raise NameError.new("#{self}::#{name} is defined while Rails sets its autoloader up, after " \
                                "config/initializers: refer to it in config.to_prepare, or later", name, receiver: self)
          end
          Services.define
          const_get(name)
        end
      end
    end
  end
end
