# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # What a caller said of the part of a list to be shown, and that part as a list object.
        class Page
          LIMITS = (1..100)
          DEFAULT = 20
          ORDERS = %w[asc desc].freeze

          private_constant :LIMITS, :DEFAULT, :ORDERS

          # @return [Integer]
          attr_reader :limit
          # @return [String] "asc" or "desc"
          attr_reader :order
          # @return [String, nil] an id
          attr_reader :after
          # @return [String, nil] an id
          attr_reader :before

          # @param data [Array<Hash>]
          # @param more [Boolean] do some follow?
          # @return [Hash] a list object
          def self.list(data, more: false)
            { "object" => "list", "data" => data, "first_id" => data.first&.fetch("id"),
              "last_id" => data.last&.fetch("id"), "has_more" => more }
          end

          # @param parameters [Hash, nil]
          # @param own [Array<String>] further parameters that the list knows
          # @raise [ArgumentError] names the parameter
          def initialize(parameters, own = [])
            @given = (parameters || {}).to_hash.transform_keys(&:to_s).compact
            unknown = @given.keys - %w[limit order after before] - own
            raise ArgumentError, "unknown parameters of a list: #{unknown.join(", ")}" unless unknown.empty?

            @limit = checked_limit
            @order = checked_order
            @after, @before = %w[after before].map { |name| Query.id(name, @given[name]) if @given[name] }
          end

          # @return [Object, nil] a further parameter
          def [](name)
            @given[name]
          end

          # @param items [Array<Hash>] all of them, oldest first
          # @return [Hash] a list object
          def cut(items)
            items = items.reverse if order == "desc"
            items = items.drop(place(items, after) + 1) if after
            items = items.take(place(items, before)) if before
            shown = before && !after ? items.last(limit) : items.first(limit)
            self.class.list(shown, more: shown.size < items.size)
          end

          private

          def checked_limit
            limit = @given.fetch("limit", DEFAULT)
            number = Integer(limit.to_s, 10, exception: false)
            return number if LIMITS.cover?(number)

            raise ArgumentError, "limit must be an Integer from #{LIMITS.begin} to #{LIMITS.end}, not #{limit.inspect}"
          end

          def checked_order
            order = @given.fetch("order", "desc").to_s
            return order if ORDERS.include?(order)

            raise ArgumentError, "order must be \"asc\" or \"desc\", not #{order.inspect}"
          end

          def place(items, id)
            items.index { |item| item["id"] == id } || raise(Classic.not_found("No item found with id '#{id}'."))
          end
        end
      end
    end
  end
end
