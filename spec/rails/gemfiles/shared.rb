# frozen_string_literal: true

# What the gemfile of each Rails has besides Rails itself. A group is in an app only where its name is asked for:
# config/application.rb.
group :native do
  gem "prompt_tracker-native", path: "../../.."
end

group :first do
  gem "prompt_tracker_first", path: "../engines/first"
end

group :newer do
  gem "prompt_tracker_newer", path: "../engines/newer"
end

group :ruby_openai do
  gem "ruby-openai", "~> 8.0", require: "openai"
end

gem "bootsnap", "~> 1.18", require: false
gem "pg", "~> 1.5"
gem "puma", ">= 6.0", "< 9"
gem "spring", "~> 4.2", require: false
