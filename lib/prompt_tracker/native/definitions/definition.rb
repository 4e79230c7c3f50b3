# frozen_string_literal: true

module PromptTracker
  module Native
    # What an assistant is: the object that `GET /v1/assistants/{id}` returned when OpenAI still had it, and the request
    # to the Responses API that it comes to. It never changes. {Definitions.find} gives it.
    #
    # @example
    #   definition = PromptTracker::Native::Definitions.find("asst_abc123")
    #   definition.model   # => "gpt-4o"
    #   definition.request # => { model: "gpt-4o", instructions: "Answer in one sentence." }
    class Definition
      # What the object says where a definition doesn't.
      DEFAULTS = {
        "name" => nil, "description" => nil, "instructions" => nil, "tools" => [].freeze, "tool_resources" => {}.freeze,
        "metadata" => {}.freeze, "temperature" => 1.0, "top_p" => 1.0, "response_format" => "auto"
      }.freeze

      # What the object always says; of the rest, a null stays a null.
      NEVER_NULL = %w[id object created_at tools].freeze

      # What a run has of its assistant that the response doesn't tell.
      SHOWN_IN_RUNS = %w[instructions tools tool_choice response_format].freeze

      private_constant :DEFAULTS, :NEVER_NULL, :SHOWN_IN_RUNS

      # @return [String] "asst_abc123"
      attr_reader :id
      # @return [String] the model
      attr_reader :model
      # @return [String, nil] the assistant's name
      attr_reader :name
      # @return [String] the file, or the place, that it comes from
      attr_reader :source
      # The parameters of `POST /responses` that the definition gives: `model`, `instructions`, `tools` and so on.
      # Neither `input` nor anything that belongs to one call.
      #
      # @return [Hash{Symbol => Object}] frozen, with all that is in it
      attr_reader :request
      # @return [Array<String>] what can't be sent and was left out, in sentences
      attr_reader :warnings

      # @param id [String]
      # @param fields [Hash] the object, or a part of it; only `model` must be there
      # @param source [String]
      # @param settings [Hash{Symbol => Object}] of the {Configuration}
      # @param created_at [Integer] seconds since 1970, where the object doesn't say
      # @raise [DefinitionError] names the source and the field
      def initialize(id, fields, source:, settings: Native.configuration.settings, created_at: 0)
        @id = -id
        @source = -source
        @settings = settings
        @fields = Configuration::Check.plain(fields)
        @created_at = created_at
        @request, @warnings = checked
        @model = @request.fetch(:model)
        @name = @fields["name"]
        freeze
      end

      # The assistant as the Assistants API showed it, complete, and a new copy each time.
      #
      # @return [Hash{String => Object}]
      def to_h
        given = @fields.reject { |name, value| value.nil? && NEVER_NULL.include?(name) }
        object = { "id" => id, "object" => "assistant", "created_at" => @created_at, **DEFAULTS, **given }
        object.transform_values { |value| copy(value) }
      end

      # The part of {#to_h} that a run shows, and a new copy each time.
      #
      # @api private
      # @return [Hash{String => Object}]
      def shown_in_runs
        copy(@fields.slice(*SHOWN_IN_RUNS))
      end

      # {#request}, changed by what one run says. A run's own value takes the place of the assistant's, nil leaves it,
      # and `additional_instructions` come after the instructions, with a blank line between.
      #
      # @param options [Hash{Symbol, String => Object}] fields of the Assistants API's CreateRunRequest;
      #   `tool_resources` too. `assistant_id` and `stream` are the caller's to carry, and count for nothing here.
      # @return [Hash{Symbol => Object}] a new Hash; `input` is in it only where `additional_messages` were given: they
      #   come after the prompt
      # @raise [ArgumentError] names the field that can't be carried over
      # @example
      #   definition.request_with(additional_instructions: "Be brief.", max_completion_tokens: 500)
      def request_with(options)
        return @request.dup if options.nil? || options.empty?

        changes = options.to_h { |name, value| [name.to_s, Configuration::Check.plain(value)] }.compact
        unknown = changes.keys - Mapping::Fields::CHANGES.keys
        raise ArgumentError, "unknown fields of a run: #{unknown.join(", ")}" unless unknown.empty?

        mapping = Mapping::Request.new(merged(changes), @settings)
        request = mapping.to_h
        # Resources that the run's tools have no use for are the assistant's, and no news.
        said = changes.key?("tool_resources") ? mapping.warnings + mapping.unused : mapping.warnings
        Definitions.note(id, said - warnings)
        request
      end

      # @return [String] without the instructions
      def inspect
        "#<#{self.class} #{id} model=#{model.inspect} source=#{source.inspect}>"
      end
      alias to_s inspect

      private

      def checked
        check_object
        mapping = Mapping::Request.new(@fields.except("metadata"), @settings)
        request = Ractor.make_shareable(mapping.to_h)
        [request, [*mapping.warnings, *mapping.unused].freeze]
      rescue Mapping::FieldError => e
        raise DefinitionError.new(e.message, source: source, field: e.field)
      end

      def check_object
        Mapping::Shape.only(nil, @fields, Mapping::Fields::ASSISTANT.keys)
        check_same("id", id)
        check_same("object", "assistant")
        %w[name description].each { |field| check(:text, field) }
        check(:integer, "created_at")
        check(:object, "metadata")
      end

      def check_same(field, expected)
        value = @fields.fetch(field, expected)
        return if value == expected

        raise Mapping::FieldError.new(field, "is #{value.inspect[0, 80]}, not #{expected.inspect}")
      end

      def check(kind, field)
        value = @fields[field]
        Mapping::Shape.public_send(kind, field, value) unless value.nil?
      end

      # Of one kind of resource, the run's take the place of the assistant's.
      def merged(changes)
        fields = { **@fields.except("metadata"), **changes }
        own = @fields["tool_resources"]
        more = changes["tool_resources"]
        fields["tool_resources"] = { **own, **more } if own && more.is_a?(Hash)
        fields
      end

      def copy(value)
        case value
        when Hash then value.to_h { |key, inner| [key, copy(inner)] }
        when Array then value.map { |inner| copy(inner) }
        when String then +value.dup
        else value
        end
      end
    end
  end
end
