# frozen_string_literal: true

module PromptTracker
  module Native
    class Doctor
      # What else is loaded.
      #
      # @api private
      module Surroundings
        # Gems that this one works with, by what they define.
        BESIDE = { "railties" => "Rails", "activesupport" => "ActiveSupport", "ruby_llm" => "RubyLLM",
                   "opentelemetry-api" => "OpenTelemetry", "webmock" => "WebMock", "vcr" => "VCR" }.freeze
        # Fewer descriptors than these are soon used up by calls at once.
        FEW_DESCRIPTORS = 512
        private_constant :BESIDE, :FEW_DESCRIPTORS

        private

        def check_versions
          curl = Native.libcurl
          said = "prompt_tracker-native #{VERSION}, Ruby #{RUBY_VERSION}, " \
                 "#{curl[:version].split.first(2).join(", ")}, #{curl[:http2] ? "HTTP/2" : "HTTP/1.1 only"}#{beside}"
          limit = Process.getrlimit(:NOFILE).first
          return fine(said) if limit >= FEW_DESCRIPTORS

          warning("#{said}; only #{limit} file descriptors", "raise the limit, `ulimit -n`, for many calls at once")
        end

        def beside
          loaded = BESIDE.select { |_, constant| Object.const_defined?(constant) }.keys
          loaded.map! { |name| [name, Gem.loaded_specs[name]&.version].compact.join(" ") }
          loaded.empty? ? "" : "; beside #{loaded.join(", ")}"
        end

        # What answers in the servers' place.
        def check_specs
          return fine("nothing answers in the server's place") unless Native.interceptor

          warning("WebMock, or something like it, is on: requests are answered by stubs",
                  "where calls are to go out: WebMock.allow_net_connect!, or WebMock.disable!")
        end
      end
    end
  end
end
