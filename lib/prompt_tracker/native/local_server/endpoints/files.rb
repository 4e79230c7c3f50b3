# frozen_string_literal: true

require_relative "../stored_file"
require_relative "endpoint"

module PromptTracker
  module Native
    class LocalServer
      module Endpoints
        # /files
        # @private
        class Files < Endpoint
          PURPOSES = %w[assistants batch fine-tune vision user_data evals].freeze
          FIELDS = %w[file purpose expires_after].freeze
          MOST = 10_000

          def create
            form = request.form
            check(form)
            expiry = form["expires_after"]
            file = StoredFile.new(new_id("file").sub("_", "-"), form["file"], purpose: form["purpose"],
                                                                              seconds: expiry && expiry["seconds"].to_i)
            store.files[file.id] = file
            created(file)
          end

          def list
            files = store.files.values
            purpose = request.query["purpose"]
            files = files.select { |file| file.purpose == purpose } if purpose
            page(files, most: MOST, default: MOST)
          end

          def retrieve(id) = shown(file(id))

          def content(id)
            file = file(id)
            Answer.new(file.content, headers: { "content-type" => file.type })
          end

          def delete(id)
            file(id)
            store.files.delete(id)
            Answer.new({ "id" => id, "object" => "file", "deleted" => true })
          end

          private

          def file(id) = store.file(id)

          def check(form)
            form.each_key { |name| raise ApiError.unknown_parameter(name) unless FIELDS.include?(name) }
            %w[file purpose].each { |name| raise ApiError.missing_parameter(name) unless form.key?(name) }
            raise ApiError.invalid_type("file", "a file", form["file"]) unless form["file"].is_a?(Hash)
            raise ApiError.invalid_value("purpose", form["purpose"], PURPOSES) unless PURPOSES.include?(form["purpose"])
          end
        end
      end
    end
  end
end
