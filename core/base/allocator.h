// The CPU memory allocator: 64-byte aligned blocks from caches by size class.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rl {

inline constexpr size_t kAlignment = 64;

// Never returns null: throws Error(OutOfMemory). Zero bytes give a valid pointer.
void* allocate(size_t bytes);
// `bytes` is what was passed to allocate.
void deallocate(void* block, size_t bytes) noexcept;

struct AllocatorStats {
  int64_t allocated_bytes;  // in live blocks above 64 KiB
  int64_t peak_bytes;
  int64_t cached_bytes;  // kept for reuse in the shared cache
  int64_t system_calls;  // blocks asked of the system so far
};
AllocatorStats allocator_stats();
void reset_peak_bytes();
// Gives the shared cache and the calling thread's cache back to the system.
void empty_cache();

}  // namespace rl
