# frozen_string_literal: true

require "json"
require_relative "answer"

module PromptTracker
  module Native
    class LocalServer
      # How an error looks on the wire: OpenAI's object, or one of the other shapes that servers use.
      # @private
      module ErrorShape
        PLAIN = { "content-type" => "text/plain; charset=utf-8" }.freeze
        HTML = { "content-type" => "text/html; charset=utf-8" }.freeze
        PROBLEM = { "content-type" => "application/problem+json" }.freeze

        SHAPES = {
          error_minimal: ->(e) { [{ "error" => e.to_h.slice("message", "type", "code") }, {}] },
          error_string: ->(e) { [{ "error" => e.message }, {}] },
          error_message: ->(e) { [{ "message" => e.message }, {}] },
          error_list: lambda { |e|
            [{ "success" => false, "error" => [{ "message" => e.message, "path" => [e.param].compact }] }, {}]
          },
          error_problem: lambda { |e|
            [JSON.generate("type" => "about:blank", "title" => e.type, "status" => e.status, "detail" => e.message),
             PROBLEM]
          },
          error_text: ->(e) { [e.message, PLAIN] },
          error_html: lambda { |e|
            text = e.message.gsub(/[<>&]/, "<" => "&lt;", ">" => "&gt;", "&" => "&amp;")
            ["<!DOCTYPE html>\n<html><head><title>#{e.status}</title></head><body><h1>#{text}</h1></body></html>\n",
             HTML]
          }
        }.freeze

        # @return [Answer]
        def self.answer(error, quirks)
          shape = SHAPES.find { |name, _| quirks.on?(name) }&.last
          body, headers = shape ? shape.call(error) : [{ "error" => error.to_h }, {}]
          Answer.new(body, status: error.status, headers: error.headers.merge(headers))
        end
      end
    end
  end
end
