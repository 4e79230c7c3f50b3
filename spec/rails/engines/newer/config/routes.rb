# frozen_string_literal: true

PromptTracker::Engine.routes.draw do
  get "answer", to: "answers#show"
end
