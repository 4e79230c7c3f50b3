# frozen_string_literal: true

# Stands in for the PromptTracker engine's records: as much of ActiveRecord as the gem uses, strict about connections.
module Engine
  # A row, with a reader for each of its fields.
  class Row
    def initialize(**fields)
      fields.each { |name, value| define_singleton_method(name) { value } }
    end
  end

  # Counts the connections that are taken, and how many are held now.
  class Pool
    Connection = Struct.new(:adapter_name)

    attr_reader :taken, :held

    def initialize
      @taken = @held = 0
    end

    def with_connection
      @taken += 1
      @held += 1
      yield Connection.new("PostgreSQL")
    ensure
      @held -= 1
    end
  end

  # A record's class.
  class Model
    attr_reader :rows, :asked, :outside, :connection_pool, :name, :table_name
    attr_accessor :failure, :table, :columns

    def initialize(name, rows)
      @name = name
      @rows = rows
      @table = true
      @table_name = "engine_rows"
      @columns = %w[id model_config]
      @connection_pool = Pool.new
      @asked = @outside = 0
    end

    def table_exists? = queried { @table }

    def column_names = queried { @columns }

    def find_by(assistant_id:) = asked! { @rows.find { |row| row.assistant_id == assistant_id } }

    def order(_column) = asked! { @rows }

    # As the database looks: for a text that may hold the wildcards of LIKE.
    def where(condition, pattern)
      raise "unknown: #{condition}" unless condition == "CAST(model_config AS TEXT) LIKE ? ESCAPE '!'"

      text = pattern.delete_prefix("%").delete_suffix("%").gsub(/!(.)/, '\1')
      asked! { @rows.select { |row| json(row.model_config).include?(text) } }
    end

    def sanitize_sql_like(text, escape) = text.gsub(/[%_!]/) { |character| "#{escape}#{character}" }

    private

    def json(value) = value.is_a?(String) ? value : JSON.generate(value)

    def asked!(&query)
      @asked += 1
      queried(&query)
    end

    def queried
      raise @failure if @failure

      @outside += 1 if @connection_pool.held.zero?
      yield
    end
  end

  def engine_assistants(*rows)
    model = Model.new("PromptTracker::Openai::Assistant", rows)
    stub_const("PromptTracker::Openai", Module.new)
    stub_const("PromptTracker::Openai::Assistant", model)
  end

  def engine_versions(*rows, constant: "AgentVersion")
    stub_const("PromptTracker::#{constant}", Model.new("PromptTracker::#{constant}", rows))
  end
end
