# frozen_string_literal: true

module PromptTracker
  class AnswersController < ApplicationController
    def show
      result = OpenaiAssistantService.call(assistant_id: params.require(:assistant_id), prompt: params.require(:prompt))
      render json: result.slice(:text, :usage, :model)
    rescue OpenaiAssistantService::AssistantError => e
      render json: { error: e.message }, status: :bad_gateway
    end
  end
end
