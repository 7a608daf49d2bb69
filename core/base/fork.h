// What a fork asks of locks: another thread may hold one, and that thread does not exist in the
// child.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace rl {

// How many forks lie between the first process of the program and this one.
extern constinit std::atomic<uint32_t> fork_depth;

// A mutex that is free in a forked child, whoever held it in the parent. For data that a reader can
// bear half written; other data take a plain mutex that pthread_atfork handlers hold.
class ForkMutex {
 public:
  constexpr ForkMutex() = default;
  ForkMutex(const ForkMutex&) = delete;
  ForkMutex& operator=(const ForkMutex&) = delete;

  void lock() {
    if (depth_.load(std::memory_order_acquire) != fork_depth.load(std::memory_order_relaxed))
        [[unlikely]]
      renew();
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

 private:
  void renew();

  std::mutex mutex_;
  std::atomic<uint32_t> depth_{0};
};

}  // namespace rl
