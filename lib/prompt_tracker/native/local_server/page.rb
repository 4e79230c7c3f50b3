# frozen_string_literal: true

require_relative "api_error"

module PromptTracker
  module Native
    class LocalServer
      # One page of a list: limit, order, after and before as OpenAI reads them.
      # @private
      class Page
        DEFAULT = 20
        MOST = 100
        ORDERS = %w[asc desc].freeze

        # @param records [Array<#id, #to_h>] in order of creation
        # @param query [Hash{String => String}]
        # @raise [ApiError] 400
        # @param most [Integer] records that may be asked for
        # @param default [Integer] records that are given where the query does not say
        def initialize(records, query, quirks, most: MOST, default: DEFAULT)
          @most = most
          @default = default
          @records = records
          @query = query
          @quirks = quirks
        end

        # @return [Hash] the list object
        def to_h
          items = ignoring? ? everything : limited
          {
            "object" => "list", "data" => items.map(&:to_h), "first_id" => items.first&.id, "last_id" => items.last&.id,
            "has_more" => !ignoring? && items.size < @left
          }
        end

        private

        def ignoring? = @quirks.any?(:unordered_lists, :shuffled_lists)

        def everything
          return @records unless @quirks.on?(:shuffled_lists)

          random = Random.new(@quirks.option(:shuffled_lists, :seed, 1))
          @records.group_by { |record| record.to_h["created_at"] }.flat_map { |_, same| same.shuffle(random: random) }
        end

        def limited
          items = order == "asc" ? @records : @records.reverse
          items = items.drop(index(items, "after") + 1) if @query["after"]
          items = items.take(index(items, "before")) if @query["before"]
          @left = items.size
          @query["before"] && !@query["after"] ? items.last(limit) : items.first(limit)
        end

        def order
          order = @query.fetch("order", "desc")
          ORDERS.include?(order) ? order : raise(ApiError.invalid_value("order", order, ORDERS))
        end

        def limit
          text = @query.fetch("limit", @default.to_s)
          limit = Integer(text, 10, exception: false) or raise ApiError.invalid_type("limit", "an integer", text)
          return limit if limit.between?(1, @most)

          too = limit > @most ? ["above maximum", "<= #{@most}", "max"] : ["below minimum", ">= 1", "min"]
          raise ApiError.new("Invalid 'limit': integer #{too[0]} value. Expected a value #{too[1]}, but got #{limit} " \
                             "instead.", param: "limit", code: "integer_#{too[0][0, 5]}_#{too[2]}_value")
        end

        def index(items, cursor)
          id = @query[cursor]
          items.index { |item| item.id == id } or
            raise ApiError.new("No item found with id '#{id}'.", param: cursor, code: "invalid_cursor")
        end
      end
    end
  end
end
