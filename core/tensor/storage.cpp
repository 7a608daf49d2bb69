// Storage: small and large owned data stand in one block behind the header.
#include "core/tensor/storage.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/base/error.h"

namespace rl {
namespace {
constexpr size_t kHeader = (sizeof(Storage) + kAlignment - 1) / kAlignment * kAlignment;
constexpr size_t kInlineLimit = 2048;  // larger data has its own block, aligned to huge pages
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
  self->free_data();
  self->~Storage();
  deallocate(self, block);
}

}  // namespace rl
