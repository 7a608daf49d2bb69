// Size classes: multiples of 64 bytes up to 1 KiB, then four classes per doubling. Small blocks are
// cached per thread without a lock; large ones in one shared, bounded cache.
#include "core/base/allocator.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "core/base/error.h"

namespace rl {
namespace {

constexpr size_t kSmallLimit = 64 * 1024;      // per-thread cache up to this size
constexpr size_t kThreadCacheBytes = 1 << 20;  // per class of one thread
constexpr size_t kHugePage = 2 << 20;
constexpr int kClasses = 16 + 4 * 38;

int class_of(size_t bytes) {
  if (bytes <= 1024) return bytes <= 64 ? 0 : static_cast<int>((bytes + 63) / 64) - 1;
  const int top = std::bit_width(bytes - 1) - 1;  // 2^top < bytes
  const int quarter = static_cast<int>(((bytes - 1) >> (top - 2)) & 3);
  return 16 + (top - 10) * 4 + quarter;
}

size_t class_bytes(int index) {
  if (index < 16) return static_cast<size_t>(index + 1) * 64;
  const int top = (index - 16) / 4 + 10;
  const size_t quarter = static_cast<size_t>((index - 16) % 4) + 1;
  return (size_t{1} << top) + (quarter << (top - 2));
}

std::atomic<int64_t> large_live{0}, large_peak{0}, cached{0}, system_calls{0};

void* system_allocate(size_t bytes) {
  system_calls.fetch_add(1, std::memory_order_relaxed);
  void* block = nullptr;
  const size_t alignment = bytes >= kHugePage ? kHugePage : kAlignment;
  if (posix_memalign(&block, alignment, bytes) != 0) return nullptr;
  if (bytes >= kHugePage) madvise(block, bytes, MADV_HUGEPAGE);
  return block;
}

class SharedCache {
 public:
  SharedCache() {
    const int64_t ram = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
    limit_ = ram / 4;
  }
  void* take(int index) {
    const std::lock_guard lock(mutex_);
    auto& list = free_[index];
    if (list.empty()) return nullptr;
    void* block = list.back();
    list.pop_back();
    cached.fetch_sub(static_cast<int64_t>(class_bytes(index)), std::memory_order_relaxed);
    return block;
  }
  bool put(int index, void* block) {
    const auto bytes = static_cast<int64_t>(class_bytes(index));
    if (cached.load(std::memory_order_relaxed) + bytes > limit_) return false;
    const std::lock_guard lock(mutex_);
    free_[index].push_back(block);
    cached.fetch_add(bytes, std::memory_order_relaxed);
    return true;
  }
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }
  void clear() {
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < kClasses; ++i) {
      for (void* block : free_[i]) std::free(block);
      cached.fetch_sub(static_cast<int64_t>(free_[i].size() * class_bytes(i)));
      free_[i].clear();
    }
  }

 private:
  std::mutex mutex_;
  std::vector<void*> free_[kClasses];
  int64_t limit_;
};

SharedCache& shared_cache() {
  static SharedCache* cache = [] {
    static SharedCache* made = new SharedCache;  // outlives every static tensor
    // A child must not inherit the lock of a thread that it does not have.
    pthread_atfork([] { made->lock(); }, [] { made->unlock(); }, [] { made->unlock(); });
    return made;
  }();
  return *cache;
}

constexpr int kSmallClasses = 16 + 4 * 6;  // up to 64 KiB

// Free blocks of one thread, chained through their first word.
struct ThreadCache {
  struct Class {
    void* head = nullptr;
    uint32_t count = 0;
    uint32_t limit = 0;
  };
  Class classes[kSmallClasses];

  ThreadCache() {
    for (int i = 0; i < kSmallClasses; ++i)
      classes[i].limit =
          static_cast<uint32_t>(std::clamp<size_t>(kThreadCacheBytes / class_bytes(i), 16, 512));
  }
  ~ThreadCache() { clear(); }
  void clear() {
    for (auto& c : classes) {
      while (c.head) {
        void* next = *static_cast<void**>(c.head);
        std::free(c.head);
        c.head = next;
      }
      c.count = 0;
    }
  }
};

// The pointer is what the fast path reads; the owner frees the cache when its thread ends.
thread_local ThreadCache* thread_cache __attribute__((tls_model("initial-exec"))) = nullptr;
thread_local bool thread_ended __attribute__((tls_model("initial-exec"))) = false;
struct ThreadCacheOwner {
  ThreadCache* cache = new ThreadCache;
  ~ThreadCacheOwner() {
    thread_cache = nullptr;
    thread_ended = true;
    delete cache;
  }
};

ThreadCache* make_thread_cache() {
  if (thread_ended) return nullptr;
  thread_local ThreadCacheOwner owner;
  thread_cache = owner.cache;
  return thread_cache;
}

[[noreturn]] void out_of_memory(size_t bytes) {
  fail(ErrorType::OutOfMemory,
       "[enforce fail] CPU allocator: not enough memory: you tried to allocate ", bytes, " bytes.");
}

void* allocate_small(int index) {
  ThreadCache* cache = thread_cache ? thread_cache : make_thread_cache();
  if (cache) {
    auto& c = cache->classes[index];
    if (void* block = c.head) {
      c.head = *static_cast<void**>(block);
      --c.count;
      return block;
    }
  }
  return system_allocate(class_bytes(index));
}

void note_large(int64_t bytes) {
  const int64_t live = large_live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = large_peak.load(std::memory_order_relaxed);
  while (live > peak && !large_peak.compare_exchange_weak(peak, live)) {
  }
}

}  // namespace

void* allocate(size_t bytes) {
  if (bytes <= kSmallLimit) {
    void* block = allocate_small(class_of(bytes));
    if (!block) out_of_memory(bytes);
    return block;
  }
  if (bytes > (size_t{1} << 46)) out_of_memory(bytes);
  const int index = class_of(bytes);
  void* block = shared_cache().take(index);
  if (!block) block = system_allocate(class_bytes(index));
  if (!block) {
    empty_cache();
    block = system_allocate(class_bytes(index));
  }
  if (!block) out_of_memory(bytes);
  note_large(static_cast<int64_t>(class_bytes(index)));
  return block;
}

void deallocate(void* block, size_t bytes) noexcept {
  if (bytes <= kSmallLimit) {
    ThreadCache* cache = thread_cache ? thread_cache : make_thread_cache();
    if (cache) {
      auto& c = cache->classes[class_of(bytes)];
      if (c.count < c.limit) {
        *static_cast<void**>(block) = c.head;
        c.head = block;
        ++c.count;
        return;
      }
    }
    std::free(block);
    return;
  }
  const int index = class_of(bytes);
  large_live.fetch_sub(static_cast<int64_t>(class_bytes(index)), std::memory_order_relaxed);
  if (!shared_cache().put(index, block)) std::free(block);
}

AllocatorStats allocator_stats() { return {large_live, large_peak, cached, system_calls}; }
void reset_peak_bytes() { large_peak.store(large_live.load()); }

void empty_cache() {
  shared_cache().clear();
  if (thread_cache) thread_cache->clear();
}

}  // namespace rl
