# frozen_string_literal: true

module PromptTracker
  class ApplicationController < ActionController::API
  end
end
