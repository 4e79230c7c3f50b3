# frozen_string_literal: true

module PromptTracker
  module Native
    # The settings that say who is told of calls (see docs/observability.md).
    class Configuration
      # @!attribute [rw] logger
      #   Where calls, retries and the gem's warnings are logged: anything with `debug`, `info`, `warn` and `error`,
      #   such as a Logger. Default nil: nowhere; warnings then go to the standard error.
      #   @return [Logger, nil]
      #   @example
      #     c.logger = Rails.logger
      setting(:logger, nil) { |name, value| Check.logger(name, value) }

      # @!attribute [rw] log_level
      #   The least severe that {#logger} gets: `:info`, the default, is one line a call and one a retry; `:warn`
      #   retries, warnings and failed calls; `:error` failed calls; `:debug` also each request, with its bodies, whose
      #   texts are replaced by their lengths.
      #   @return [Symbol]
      setting(:log_level, :info) { |name, value| Check.one_of(name, value, Observation::Logging::LEVELS) }

      # @!attribute [rw] capture_content
      #   Whether what is told of calls holds prompts and answers: events' payloads, log lines and spans. Default false.
      #   @return [Boolean]
      setting(:capture_content, false) { |name, value| Check.boolean(name, value) }

      # @!attribute [rw] open_telemetry
      #   Whether calls are OpenTelemetry spans where `opentelemetry-api` is loaded. Default true.
      #   @return [Boolean]
      setting(:open_telemetry, true) { |name, value| Check.boolean(name, value) }
    end
  end
end
