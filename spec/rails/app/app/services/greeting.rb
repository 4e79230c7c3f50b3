# frozen_string_literal: true

# A class of the app, to be reloaded.
class Greeting
  def self.text = "Hello!"
end
