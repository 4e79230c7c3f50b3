# frozen_string_literal: true

require_relative "api_error"

module PromptTracker
  module Native
    class LocalServer
      # A search in a vector store. There is no model here that knows what texts mean, so a passage counts by how many
      # of the question's words it has.
      # @private
      class Passages
        COMPARISONS = {
          "eq" => :==, "ne" => :!=, "gt" => :>, "gte" => :>=, "lt" => :<, "lte" => :<=
        }.freeze

        # @param files [Hash{String => StoredFile}] by id
        # @param entries [Array<VectorStore::Entry>]
        # @param fields [Hash] of the request
        def initialize(files, entries, fields)
          @files = files
          @entries = entries
          @queries = Array(fields["query"])
          @most = fields["max_num_results"] || 10
          @least = fields.dig("ranking_options", "score_threshold") || 0
          @filter = fields["filters"]
        end

        # @return [Hash] the page of results, best first
        def to_h
          found = @entries.select { |entry| entry.status == "completed" && passes?(@filter, entry.attributes) }
                          .flat_map { |entry| results(entry) }.sort_by.with_index { |one, at| [-one["score"], at] }
          { "object" => "vector_store.search_results.page", "search_query" => @queries, "data" => found.first(@most),
            "has_more" => found.size > @most, "next_page" => nil }
        end

        private

        def results(entry)
          file = @files[entry.id]
          file&.text.to_s.split(/\r?\n\s*\r?\n/).filter_map do |passage|
            score = score(passage)
            next unless score.positive? && score >= @least

            { "file_id" => file.id, "filename" => file.filename, "score" => score, "attributes" => entry.attributes,
              "content" => [{ "type" => "text", "text" => passage.strip }] }
          end
        end

        def score(passage)
          there = words(passage)
          @queries.map { |query| words(query).then { |all| all.empty? ? 0 : (all & there).size.fdiv(all.size) } }.max
                  .to_f.round(4)
        end

        def words(text) = text.downcase.scan(/[[:alnum:]]+/).uniq

        def passes?(filter, attributes)
          return true if filter.nil?

          value = attributes[filter["key"]]
          case filter["type"]
          when "and" then filter["filters"].all? { |inner| passes?(inner, attributes) }
          when "or" then filter["filters"].any? { |inner| passes?(inner, attributes) }
          when "in" then Array(filter["value"]).include?(value)
          when "nin" then !Array(filter["value"]).include?(value)
          else compared?(filter, value)
          end
        end

        def compared?(filter, value)
          operator = COMPARISONS.fetch(filter["type"]) do
            raise ApiError.invalid_value("filters.type", filter["type"], COMPARISONS.keys + %w[in nin and or])
          end
          return value.public_send(operator, filter["value"]) if %i[== !=].include?(operator)

          bound = filter["value"]
          [Numeric, String].any? { |kind| value.is_a?(kind) && bound.is_a?(kind) } && value.public_send(operator, bound)
        end
      end
    end
  end
end
