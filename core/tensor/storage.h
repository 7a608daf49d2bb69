// Bytes shared by tensors: owned, borrowed with a deleter, or in memory that processes share.
#pragma once

#include <cstddef>
#include <functional>

#include "core/base/allocator.h"
#include "core/base/device.h"
#include "core/base/intrusive.h"
#include "core/base/shared_memory.h"

namespace rl {

class Storage final : public RefCounted<Storage> {
 public:
  using Deleter = std::function<void()>;

  // Uninitialised bytes of our own; on the meta device, none.
  static Ptr<Storage> make(size_t nbytes, Device device = {});
  // Somebody else's bytes; `release` runs once when the last tensor lets go (from any thread).
  static Ptr<Storage> borrow(void* data, size_t nbytes, Deleter release);
  // Uninitialised bytes in memory that other processes can map.
  static Ptr<Storage> make_shared(size_t nbytes);
  // The storage of these bytes of a segment: the living one if this process has it already.
  static Ptr<Storage> in_segment(std::shared_ptr<SharedSegment> segment, size_t offset,
                                 size_t nbytes);

  std::byte* data() const { return data_; }
  size_t nbytes() const { return nbytes_; }
  Device device() const { return device_; }
  bool resizable() const { return !release_ && !segment_; }
  // Keeps the first min(old, new) bytes; later bytes are uninitialised.
  void resize(size_t nbytes);
  // Moves the bytes to memory that other processes can map, unless they are there already.
  void share();
  // Where the bytes are shared, or null.
  const std::shared_ptr<SharedSegment>& segment() const { return segment_; }
  // Somebody besides tensors holds the address: it stays readable while this storage lives.
  void note_exported() { exported_ = true; }
  // The one Python object that stands for this storage, or null.
  void* python_slot = nullptr;

  static void destroy(Storage* self);

 private:
  Storage(size_t header_block, std::byte* data, size_t nbytes, size_t block, Device device,
          Deleter release)
      : data_(data),
        nbytes_(nbytes),
        block_(block),
        header_block_(header_block),
        device_(device),
        release_(std::move(release)) {}
  ~Storage() = default;
  void free_data();
  void enter_segment(std::shared_ptr<SharedSegment> segment);
  void leave_segment();

  std::byte* data_;
  size_t nbytes_;
  size_t block_;         // bytes asked of the allocator for data_, 0 when data_ follows this header
  size_t header_block_;  // bytes asked of the allocator for this header and what follows it
  Device device_;
  Deleter release_;
  std::shared_ptr<SharedSegment> segment_;
  bool exported_ = false;
};

}  // namespace rl
