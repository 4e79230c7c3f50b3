# frozen_string_literal: true

# How long the loops are that look for what happens seldom: PTN_STRESS=10 makes each ten times as long.
module Stress
  FACTOR = Integer(ENV.fetch("PTN_STRESS", "1"))

  # @return [Integer] so many rounds, times the factor
  def self.rounds(count) = count * FACTOR
end
