# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # Keeps what was last put in or looked up, so many at most. Any thread may use it.
        class Recent
          # @param most [Integer]
          def initialize(most)
            @most = most
            @kept = {}
            @lock = Mutex.new
          end

          # @return [Object, nil]
          def [](key)
            @lock.synchronize do
              value = @kept.delete(key)
              value.nil? ? nil : @kept[key] = value
            end
          end

          # @param value [Object] not nil
          def []=(key, value)
            @lock.synchronize do
              @kept.delete(key)
              @kept[key] = value
              @kept.shift if @kept.size > @most
            end
          end

          # @return [Object, nil] what was kept
          def delete(key)
            @lock.synchronize { @kept.delete(key) }
          end
        end
      end
    end
  end
end
