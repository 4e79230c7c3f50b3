# frozen_string_literal: true

Rails.application.routes.draw do
  mount PromptTracker::Engine => "/prompt_tracker" if defined?(PromptTracker::Engine)
end
