# frozen_string_literal: true

module PromptTracker
  class AnswersController < ApplicationController
    def show
      answer = LlmClients::OpenaiAssistantService.call(assistant_id: params.require(:assistant_id),
                                                       user_message: params.require(:prompt))
      render json: { text: answer.text, usage: answer.usage, model: answer.model }
    rescue LlmClients::OpenaiAssistantService::AssistantError => e
      render json: { error: e.message }, status: :bad_gateway
    end
  end
end
