// Storage: small and large owned data stand in one block behind the header.
#include "core/tensor/storage.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>

#include "core/base/error.h"

namespace rl {
namespace {
constexpr size_t kHeader = (sizeof(Storage) + kAlignment - 1) / kAlignment * kAlignment;
constexpr size_t kInlineLimit = 2048;  // larger data has its own block, aligned to huge pages

// The living storages in shared memory by their address, with shared_memory_mutex() held.
std::unordered_map<const std::byte*, Storage*>& shared_storages() {
  static auto* const storages = new std::unordered_map<const std::byte*, Storage*>;
  return *storages;
}
}  // namespace

Ptr<Storage> Storage::make(size_t nbytes, Device device) {
  if (device.is_meta()) {
    void* at = allocate(kHeader);
    return Ptr<Storage>::adopt(new (at) Storage(kHeader, nullptr, nbytes, 0, device, {}));
  }
  RL_CHECK_AS(NotImplemented, device.is_cpu(), "rushlight.", device.type_name(),
              ": this build has no kernels for device '", device.to_string(), "'");
  if (nbytes <= kInlineLimit) {
    auto* at = static_cast<std::byte*>(allocate(kHeader + nbytes));
    return Ptr<Storage>::adopt(new (at)
                                   Storage(kHeader + nbytes, at + kHeader, nbytes, 0, device, {}));
  }
  auto* data = static_cast<std::byte*>(allocate(nbytes));
  void* at = allocate(kHeader);
  return Ptr<Storage>::adopt(new (at) Storage(kHeader, data, nbytes, nbytes, device, {}));
}

Ptr<Storage> Storage::borrow(void* data, size_t nbytes, Deleter release) {
  void* at = allocate(kHeader);
  return Ptr<Storage>::adopt(new (at) Storage(kHeader, static_cast<std::byte*>(data), nbytes, 0,
                                              Device{}, std::move(release)));
}

Ptr<Storage> Storage::make_shared(size_t nbytes) {
  SharedBlock block = allocate_shared(nbytes);
  Ptr<Storage> made = borrow(block.data, nbytes, {});
  const std::lock_guard lock(shared_memory_mutex());
  made->enter_segment(std::move(block.segment));
  return made;
}

Ptr<Storage> Storage::in_segment(std::shared_ptr<SharedSegment> segment, size_t offset,
                                 size_t nbytes) {
  RL_CHECK(offset <= segment->bytes() && nbytes <= segment->bytes() - offset, "shared memory of ",
           segment->bytes(), " bytes holds no storage of ", nbytes, " bytes at offset ", offset);
  std::byte* data = segment->data() + offset;
  const std::lock_guard lock(shared_memory_mutex());
  const auto found = shared_storages().find(data);
  if (found != shared_storages().end() && found->second->nbytes() == nbytes &&
      found->second->try_retain())
    return Ptr<Storage>::adopt(found->second);
  Ptr<Storage> made = borrow(data, nbytes, {});
  made->enter_segment(std::move(segment));
  return made;
}

// With shared_memory_mutex() held.
void Storage::enter_segment(std::shared_ptr<SharedSegment> segment) {
  segment_ = std::move(segment);
  shared_storages()[data_] = this;
}

void Storage::leave_segment() {
  const std::lock_guard lock(shared_memory_mutex());
  const auto found = shared_storages().find(data_);
  if (found != shared_storages().end() && found->second == this) shared_storages().erase(found);
}

void Storage::share() {
  RL_CHECK(device_.is_cpu(), "_share_fd_: only available on CPU");
  if (segment_) return;
  SharedBlock block = allocate_shared(nbytes_);
  std::memcpy(block.data, data_, nbytes_);
  Deleter old = std::move(release_);
  if (!old && block_) old = [data = data_, bytes = block_] { deallocate(data, bytes); };
  {
    const std::lock_guard lock(shared_memory_mutex());
    data_ = block.data;
    enter_segment(std::move(block.segment));
  }
  block_ = 0;
  release_ = {};
  if (exported_)
    release_ = std::move(old);
  else if (old)
    old();  // may wait for Python: not under the lock
}

void Storage::free_data() {
  if (release_)
    release_();
  else if (block_)
    deallocate(data_, block_);
}

void Storage::resize(size_t nbytes) {
  RL_CHECK(resizable(), "Trying to resize storage that is not resizable");
  if (device_.is_meta()) {
    nbytes_ = nbytes;
    return;
  }
  auto* data = static_cast<std::byte*>(allocate(nbytes));
  std::memcpy(data, data_, std::min(nbytes, nbytes_));
  free_data();
  data_ = data;
  nbytes_ = block_ = nbytes;
}

void Storage::destroy(Storage* self) {
  const size_t block = self->header_block_;
  if (self->segment_) self->leave_segment();
  self->free_data();
  self->~Storage();
  deallocate(self, block);
}

}  // namespace rl
