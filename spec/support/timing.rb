# frozen_string_literal: true

# How specs look at time. A machine that does much else at once may be slow, so only what would otherwise take far
# longer is said to be quick: what is not to be waited for takes 20 s or for ever.
module Timing
  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  def seconds
    start = now
    yield
    now - start
  end

  # Waits until the block is true; for what the gem does without waiting for it.
  def eventually(limit: 10)
    over = now + limit
    sleep 0.01 until (result = yield) || now > over
    result
  end

  # For a number of seconds.
  def be_at_once = be < 4
end
