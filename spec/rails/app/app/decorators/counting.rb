# frozen_string_literal: true

# Decorates an assistant service: counts how often each of its methods went through here.
module Counting
  def self.counts
    Thread.current[:counts] ||= Hash.new(0)
  end

  def call
    Counting.counts[:call] += 1
    super
  end

  module Calls
    def call(**)
      Counting.counts[:class_call] += 1
      super
    end
  end
end
