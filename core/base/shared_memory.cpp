// Segments from memfd_create, the ones this process maps, and the segment of small blocks.
#include "core/base/shared_memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "core/base/allocator.h"
#include "core/base/error.h"
#include "core/base/fork.h"

namespace rl {
namespace {

constexpr size_t kSmallBlock = 16 * 1024;
constexpr size_t kSmallSegment = 1 << 20;

struct Known {
  std::map<SharedSegment::Key, std::weak_ptr<SharedSegment>> segments;
  // Where the next small block goes. A child does not write on in its parent's.
  std::shared_ptr<SharedSegment> small;
  size_t small_used = 0;
  uint32_t small_depth = 0;
};
// Both outlive every static tensor.
Known& known() {
  static auto* const k = new Known;
  return *k;
}

[[noreturn]] void fail_call(const char* what, size_t bytes) {
  const int error = errno;
  if (error == EMFILE || error == ENFILE)
    fail(ErrorType::Runtime,
         "unable to open shared memory: too many open files. This process "
         "holds shared memory of ",
         known().segments.size(),
         " pieces, and each needs a file "
         "descriptor. Let go of tensors that came from other processes or clone() them, send "
         "fewer and larger tensors, or raise the limit (`ulimit -n`).");
  if (error == ENOMEM || error == ENOSPC)
    fail(ErrorType::OutOfMemory, what, ": not enough memory: you tried to allocate ", bytes,
         " bytes of shared memory.");
  fail(ErrorType::Runtime, "unable to use shared memory: ", what, " of ", bytes,
       " bytes: ", std::strerror(error));
}

int open_anonymous() {
  const int fd = memfd_create("rushlight", MFD_CLOEXEC);
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return fd;
  for (const char* folder : {"/dev/shm", "/tmp"}) {
    const int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (file >= 0) return file;
  }
  return -1;
}

// Each segment keeps a descriptor open. The usual limit of 1024 is not one of the system: where
// half of it is used, this process takes what it may have.
void make_room_after(int fd) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  if (static_cast<rlim_t>(fd) < limit.rlim_cur / 2 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Maps the memory; takes over the descriptor. With shared_memory_mutex() held.
std::shared_ptr<SharedSegment> map(int fd, size_t bytes, SharedSegment::Key key) {
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) {
    const int error = errno;
    close(fd);
    errno = error;
    fail_call("mmap", bytes);
  }
  make_room_after(fd);
  auto segment = std::make_shared<SharedSegment>(static_cast<std::byte*>(data), bytes, fd, key);
  known().segments[key] = segment;
  return segment;
}

// With shared_memory_mutex() held.
std::shared_ptr<SharedSegment> create_locked(size_t bytes) {
  const int fd = open_anonymous();
  if (fd < 0) fail_call("memfd_create", bytes);
  struct stat about {};
  if (ftruncate(fd, static_cast<off_t>(bytes)) != 0 || fstat(fd, &about) != 0) {
    const int error = errno;
    close(fd);
    errno = error;
    fail_call("ftruncate", bytes);
  }
  return map(fd, bytes, {about.st_dev, about.st_ino});
}

}  // namespace

std::mutex& shared_memory_mutex() {
  static std::mutex* const mutex = [] {
    static std::mutex m;
    pthread_atfork([] { m.lock(); }, [] { m.unlock(); }, [] { m.unlock(); });
    return &m;
  }();
  return *mutex;
}

std::shared_ptr<SharedSegment> SharedSegment::create(size_t bytes) {
  const std::lock_guard lock(shared_memory_mutex());
  return create_locked(bytes);
}

std::shared_ptr<SharedSegment> SharedSegment::attach(int descriptor) {
  struct stat about {};
  if (fstat(descriptor, &about) != 0) fail_call("fstat", 0);
  const Key key{about.st_dev, about.st_ino};
  const std::lock_guard lock(shared_memory_mutex());
  if (const auto found = known().segments.find(key); found != known().segments.end())
    if (auto segment = found->second.lock()) return segment;
  const int own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (own < 0) fail_call("dup", 0);
  return map(own, static_cast<size_t>(about.st_size), key);
}

SharedSegment::~SharedSegment() {
  {
    const std::lock_guard lock(shared_memory_mutex());
    // A segment mapped anew meanwhile has the same key and is alive.
    const auto found = known().segments.find(key_);
    if (found != known().segments.end() && found->second.expired()) known().segments.erase(found);
  }
  munmap(data_, bytes_);
  close(descriptor_);
}

SharedBlock allocate_shared(size_t bytes) {
  if (bytes > kSmallBlock) {
    auto segment = SharedSegment::create(bytes);
    std::byte* data = segment->data();
    return {std::move(segment), data};
  }
  // No two blocks at one address, even empty ones.
  const size_t room = (std::max<size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
  std::shared_ptr<SharedSegment> full;  // dies after the lock: its end takes the lock
  const std::lock_guard lock(shared_memory_mutex());
  Known& k = known();
  const uint32_t depth = fork_depth.load(std::memory_order_relaxed);
  if (!k.small || k.small_depth != depth || k.small_used + room > k.small->bytes()) {
    auto fresh = create_locked(kSmallSegment);
    full = std::exchange(k.small, std::move(fresh));
    k.small_used = 0;
    k.small_depth = depth;
  }
  std::byte* data = k.small->data() + k.small_used;
  k.small_used += room;
  return {k.small, data};
}

}  // namespace rl
