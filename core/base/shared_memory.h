// Memory that several processes map. It has no name anywhere: the kernel frees it when the last
// process that maps it or holds its descriptor ends, however that process ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace rl {

class SharedSegment {
 public:
  // What tells a segment from all others: device and inode.
  using Key = std::pair<uint64_t, uint64_t>;

  // New memory, zero.
  static std::shared_ptr<SharedSegment> create(size_t bytes);
  // Maps the memory behind a descriptor, which stays the caller's; one mapping a segment and
  // process, found again while anybody uses it.
  static std::shared_ptr<SharedSegment> attach(int descriptor);

  SharedSegment(std::byte* data, size_t bytes, int descriptor, Key key)
      : data_(data), bytes_(bytes), descriptor_(descriptor), key_(key) {}
  SharedSegment(const SharedSegment&) = delete;
  SharedSegment& operator=(const SharedSegment&) = delete;
  ~SharedSegment();

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  // For handing the segment to other processes.
  int descriptor() const { return descriptor_; }
  Key key() const { return key_; }

 private:
  std::byte* data_;
  size_t bytes_;
  int descriptor_;
  Key key_;
};

// Bytes inside a segment, aligned to 64.
struct SharedBlock {
  std::shared_ptr<SharedSegment> segment;
  std::byte* data;
};

// Uninitialised bytes. Small blocks lie together in one segment, so that many small tensors cost
// one descriptor and one mapping; a large block has a segment of its own.
SharedBlock allocate_shared(size_t bytes);

// Held for a short time by whoever changes what is known of shared memory, and across a fork.
std::mutex& shared_memory_mutex();

}  // namespace rl
