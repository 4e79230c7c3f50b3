# frozen_string_literal: true

require "json"

module PromptTracker
  module Native
    class CLI
      # `doctor`: looks for what could keep calls from working.
      #
      # @api private
      class Doctor < Command
        USAGE = <<~TEXT
          [ID] [options]

          Checks what a call needs: the key (which is never shown), base URL, proxy, certificates, which API will answer
          (of the assistant ID, where one is given) and why, the definitions, and the network by one GET /models. Says
          what to do. Ends with status 1 where there is a problem; warnings are none.

        TEXT
        ARGUMENTS = (0..1)

        private

        def define(parser)
          parser.on("--json", "the report as JSON") { @json = true }
          parser.on("--offline", "make no request") { @offline = true }
          parser.on("--timeout SECONDS", Float, "for the request (default: 10)") { |seconds| @timeout = seconds }
        end

        def call(id = nil)
          load_app
          report = Native.doctor(id, network: !@offline, timeout: @timeout || 10, out: @json ? nil : @out)
          puts JSON.pretty_generate(report.to_h) if @json
          report.ok? ? OK : FAILED
        end
      end
    end
  end
end
