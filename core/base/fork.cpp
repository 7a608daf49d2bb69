// Counts forks, and gives the locks of a child back.
#include "core/base/fork.h"

#include <pthread.h>
#include <sched.h>

#include <new>

namespace rl {

constinit std::atomic<uint32_t> fork_depth{0};

namespace {
constexpr uint32_t kRenewing = UINT32_MAX;
// When the library loads: before it can have any lock.
const int registered = pthread_atfork(nullptr, nullptr, [] { fork_depth.fetch_add(1); });
}  // namespace

void ForkMutex::renew() {
  static_cast<void>(registered);
  const uint32_t now = fork_depth.load();
  for (;;) {
    uint32_t seen = depth_.load(std::memory_order_acquire);
    if (seen == now) return;
    if (seen == kRenewing || !depth_.compare_exchange_weak(seen, kRenewing)) {
      sched_yield();
      continue;
    }
    new (&mutex_) std::mutex;
    depth_.store(now, std::memory_order_release);
    return;
  }
}

}  // namespace rl
